INSERT INTO planned_closure (number, closure)
    SELECT COALESCE(MAX(number), 0) + 1, ?1 FROM planned_closure
