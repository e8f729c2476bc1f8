DELETE FROM label_report WHERE id = ?1
