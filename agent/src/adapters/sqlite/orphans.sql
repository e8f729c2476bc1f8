-- What belongs to documents whose row is gone.
DELETE FROM document_change WHERE document NOT IN (SELECT document FROM document);
DELETE FROM document_archive WHERE document NOT IN (SELECT document FROM document);
DELETE FROM fact_again WHERE document NOT IN (SELECT document FROM document);
