-- Description and traits of runbooks.

-- takes: runbooks, ACCESS EXCLUSIVE, catalog
ALTER TABLE runbooks
    ADD COLUMN IF NOT EXISTS description VARCHAR(255); -- sqlite: ADD COLUMN description VARCHAR(255);

-- takes: runbooks, SHARE ROW EXCLUSIVE, catalog
CREATE TABLE IF NOT EXISTS runbook_traits (
    version VARCHAR(15),
    created_at TIMESTAMP, -- sqlite: created_at DATETIME,
    updated_at TIMESTAMP, -- sqlite: updated_at DATETIME,
    runbook_id INTEGER NOT NULL,
    trait VARCHAR(255) NOT NULL,
    PRIMARY KEY (runbook_id, trait),
    FOREIGN KEY (runbook_id) REFERENCES runbooks (id)
);

-- takes: runbook_traits, SHARE, catalog
CREATE INDEX IF NOT EXISTS runbook_traits_idx ON runbook_traits (trait);
