-- Who a person is at an identity provider. The address there may change; issuer and subject do not.
CREATE TABLE external_identity (
    issuer          TEXT NOT NULL,
    subject         TEXT NOT NULL,
    user_id         BLOB NOT NULL REFERENCES user_account (id),
    created_at_us   INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
