-- What central told of parcels, as it told it: it is always replaced whole.
CREATE TABLE parcel_news (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    news TEXT NOT NULL
) STRICT;

-- Units recorded in from another store that central has not taken off what it expects.
CREATE TABLE taken_in (
    sender TEXT    NOT NULL,
    sku    TEXT    NOT NULL,
    -- Of which parcel; empty when nobody said.
    parcel TEXT    NOT NULL,
    units  INTEGER NOT NULL CHECK (units >= 1),
    PRIMARY KEY (sender, sku, parcel)
) STRICT, WITHOUT ROWID;

-- Labels that could not be made, until central has written them down.
CREATE TABLE label_report (
    report  INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT    NOT NULL UNIQUE,
    task    TEXT    NOT NULL,
    -- Absent: the one that was planned.
    service TEXT,
    reason  TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
