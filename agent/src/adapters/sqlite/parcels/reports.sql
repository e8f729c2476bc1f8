SELECT id, task, service, reason, actor, at FROM label_report ORDER BY report LIMIT ?1
