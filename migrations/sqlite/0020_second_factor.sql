-- Second factors: one-time codes by time, the codes for when the device is lost, and who must have one.

CREATE TABLE second_factor (
    user_id         BLOB PRIMARY KEY REFERENCES user_account (id),
    secret          BLOB NOT NULL,           -- encrypted, bound to the person
    key_version     INTEGER NOT NULL,        -- of the wrapped key "second-factor"
    confirmed_at_us INTEGER NOT NULL,
    last_step       INTEGER NOT NULL         -- the newest one whose code was used
) STRICT, WITHOUT ROWID;

-- Each is deleted when it is used.
CREATE TABLE recovery_code (
    user_id       BLOB NOT NULL REFERENCES second_factor (user_id) ON DELETE CASCADE,
    hash          BLOB NOT NULL,             -- SHA-256 of the person's id and the code
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace_sign_in (
    workspace_id          BLOB PRIMARY KEY REFERENCES workspace (id),
    require_second_factor INTEGER NOT NULL CHECK (require_second_factor IN (0, 1)),
    changed_at_us         INTEGER NOT NULL,
    changed_by            TEXT NOT NULL
) STRICT, WITHOUT ROWID;
