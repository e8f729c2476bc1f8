SELECT task FROM task WHERE task > :order || '-' AND task < :order || '.' AND json_extract(state, '$.order') = :order
    AND sound(sum, task, phase, state, changed_at)
ORDER BY task LIMIT 1
