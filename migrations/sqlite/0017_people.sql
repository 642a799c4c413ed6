-- People: accounts of the instance, their places in workspaces, invitations, and where they are signed in.

-- An account belongs to the instance, not to a workspace; what it may do is in `membership`.
-- (`user` is a reserved word in PostgreSQL.)
CREATE TABLE user_account (
    id                 BLOB PRIMARY KEY,
    email              TEXT NOT NULL UNIQUE, -- in its normal form
    name               TEXT NOT NULL,
    password           TEXT,                 -- PHC string of Argon2id; null: this person signs in by other means
    status             TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    created_at_us      INTEGER NOT NULL,
    last_sign_in_at_us INTEGER,
    failures           INTEGER NOT NULL DEFAULT 0, -- wrong passwords in a row, once there are enough to lock
    last_failure_at_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE membership (
    workspace_id  BLOB NOT NULL REFERENCES workspace (id),
    user_id       BLOB NOT NULL REFERENCES user_account (id),
    role          TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;

-- A further role that counts in one project.
CREATE TABLE project_membership (
    workspace_id  BLOB NOT NULL,
    user_id       BLOB NOT NULL,
    project_id    BLOB NOT NULL,
    role          TEXT NOT NULL,
    PRIMARY KEY (workspace_id, user_id, project_id),
    FOREIGN KEY (workspace_id, user_id) REFERENCES membership (workspace_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, project_id) REFERENCES project (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    workspace_id   BLOB NOT NULL REFERENCES workspace (id),
    id             BLOB NOT NULL,
    email          TEXT NOT NULL,
    role           TEXT NOT NULL,
    hash           BLOB NOT NULL UNIQUE, -- SHA-256 of the link's token
    created_by     TEXT NOT NULL,
    created_at_us  INTEGER NOT NULL,
    expires_at_us  INTEGER NOT NULL,
    accepted_at_us INTEGER,
    accepted_by    BLOB,
    revoked_at_us  INTEGER,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

-- Where a person is signed in. Ending a session deletes its row, and with it the refresh tokens.
CREATE TABLE user_session (
    id               BLOB PRIMARY KEY,
    user_id          BLOB NOT NULL REFERENCES user_account (id),
    cookie_hash      BLOB NOT NULL UNIQUE, -- SHA-256 of the cookie's secret
    client           TEXT NOT NULL,        -- what its refresh tokens are bound to
    address          TEXT NOT NULL,        -- where it was made
    created_at_us    INTEGER NOT NULL,
    last_used_at_us  INTEGER NOT NULL,     -- written at most once a minute
    proved_at_us     INTEGER NOT NULL,     -- when the password was last given
    refresh_until_us INTEGER               -- of the newest refresh token; null: none was given
) STRICT, WITHOUT ROWID;

-- Refresh tokens by hash. A session has one that is unused; the used ones stay to be recognised.
CREATE TABLE refresh_token (
    hash          BLOB PRIMARY KEY,
    session_id    BLOB NOT NULL REFERENCES user_session (id) ON DELETE CASCADE,
    salt          BLOB NOT NULL,           -- its successor is made of the token and this
    created_at_us INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    used_at_us    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token_by_session ON refresh_token (session_id);
