INSERT INTO label_report (id, task, service, reason, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO NOTHING
