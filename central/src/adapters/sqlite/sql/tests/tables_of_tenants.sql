-- Those whose rows belong to somebody.
SELECT m.name FROM sqlite_schema m WHERE m.type IN ('table', 'view')
    AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'tenant')
