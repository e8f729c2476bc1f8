SELECT number, closure FROM planned_closure WHERE closure IS NOT NULL ORDER BY number
