-- The network address that central last saw a start of a box at: with two boxes of one name it says where
-- to look.
ALTER TABLE replica_boot ADD COLUMN address TEXT;
