-- Who did what: one chain for the instance, in commit order.

CREATE TABLE audit_entry (
    seq          INTEGER PRIMARY KEY,   -- gapless, from 1
    workspace_id BLOB NOT NULL,         -- zeros: of the instance
    at_us        INTEGER NOT NULL,
    actor_kind   TEXT NOT NULL,
    actor        TEXT NOT NULL,         -- the id of a key, person or session; empty: unknown
    actor_name   TEXT NOT NULL,
    action       TEXT NOT NULL,         -- "flows.create"
    target       TEXT NOT NULL,         -- an object's id or name
    outcome      TEXT NOT NULL CHECK (outcome IN ('done', 'denied', 'failed')),
    reason       TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    address      TEXT NOT NULL,         -- where the request came from
    before       TEXT NOT NULL,         -- JSON, or empty
    after        TEXT NOT NULL,
    mac          BLOB NOT NULL          -- HMAC-SHA256 over the mac before it and this entry
) STRICT;
CREATE INDEX audit_entry_workspace ON audit_entry (workspace_id, seq);
CREATE INDEX audit_entry_target ON audit_entry (workspace_id, target, seq);

-- Signed states of the chain. The oldest is where it begins once older entries were removed.
CREATE TABLE audit_checkpoint (
    seq       INTEGER PRIMARY KEY,      -- of the last entry that it covers
    at_us     INTEGER NOT NULL,
    mac       BLOB NOT NULL,            -- of that entry
    signature BLOB NOT NULL             -- Ed25519
) STRICT;
