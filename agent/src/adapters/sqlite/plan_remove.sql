UPDATE planned_closure SET closure = NULL WHERE number = ?1
