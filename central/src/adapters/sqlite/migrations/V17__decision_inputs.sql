-- What a decision was made from, so that it can be made again under another policy. Absent of decisions from
-- before it was kept; it goes with its decision.
ALTER TABLE decision ADD COLUMN inputs TEXT;
