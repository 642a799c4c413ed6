-- Models and their prices, of the whole instance. Rows are added and never changed: a spend row names a price by its id.

CREATE TABLE model_price (
    seq            INTEGER PRIMARY KEY,  -- of two in force at one time, the later row counts
    id             TEXT NOT NULL,        -- a hash of what it says; the same price may come again later
    origin         TEXT NOT NULL CHECK (origin IN ('imported', 'file', 'embedded')),  -- only imported ones are in use from here
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    valid_from_us  INTEGER NOT NULL,
    valid_to_us    INTEGER,              -- null: open
    document       TEXT NOT NULL,        -- JSON, as in a catalogue file
    recorded_at_us INTEGER NOT NULL,
    recorded_by    TEXT NOT NULL
) STRICT;

CREATE TABLE model_entry (
    seq            INTEGER PRIMARY KEY,  -- the later row counts
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    document       TEXT NOT NULL,        -- JSON, as in a catalogue file, without prices
    recorded_at_us INTEGER NOT NULL,
    recorded_by    TEXT NOT NULL
) STRICT;
