DELETE FROM planned_closure WHERE closure IS NULL AND number < (SELECT MAX(number) FROM planned_closure)
