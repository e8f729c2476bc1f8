-- What tasks wait for is carried before any backlog of stock, and found without reading through it.
CREATE INDEX fact_of_task_to_carry ON fact (seq) WHERE document IS NULL AND task IS NOT NULL;
