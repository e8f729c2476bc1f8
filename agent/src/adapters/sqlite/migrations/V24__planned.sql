-- Closures that staff planned here. One that was taken back says nothing; the newest stays for its number, which
-- is not given again.
CREATE TABLE planned_closure (
    number  INTEGER PRIMARY KEY CHECK (number >= 1),
    closure TEXT
) STRICT;
