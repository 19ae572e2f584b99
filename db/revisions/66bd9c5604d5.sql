-- Runbooks and their steps.

-- takes: runbooks, ACCESS EXCLUSIVE, catalog
CREATE TABLE IF NOT EXISTS runbooks (
    version VARCHAR(15),
    created_at TIMESTAMP, -- sqlite: created_at DATETIME,
    updated_at TIMESTAMP, -- sqlite: updated_at DATETIME,
    id SERIAL NOT NULL, -- sqlite: id INTEGER NOT NULL,
    uuid VARCHAR(36),
    name VARCHAR(255) NOT NULL,
    disable_ramdisk BOOLEAN,
    public BOOLEAN,
    owner VARCHAR(255),
    extra TEXT,
    PRIMARY KEY (id),
    CONSTRAINT uniq_runbooks0uuid UNIQUE (uuid),
    CONSTRAINT uniq_runbooks0name UNIQUE (name)
);

-- takes: runbook_steps, ACCESS EXCLUSIVE, catalog
CREATE TABLE IF NOT EXISTS runbook_steps (
    version VARCHAR(15),
    created_at TIMESTAMP, -- sqlite: created_at DATETIME,
    updated_at TIMESTAMP, -- sqlite: updated_at DATETIME,
    id SERIAL NOT NULL, -- sqlite: id INTEGER NOT NULL,
    runbook_id INTEGER NOT NULL,
    interface VARCHAR(255) NOT NULL,
    step VARCHAR(255) NOT NULL,
    args TEXT NOT NULL,
    "order" INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (runbook_id) REFERENCES runbooks (id)
);

-- takes: runbook_steps, SHARE, catalog
CREATE INDEX IF NOT EXISTS runbook_steps_interface_idx ON runbook_steps (interface);

-- takes: runbook_steps, SHARE, catalog
CREATE INDEX IF NOT EXISTS runbook_id ON runbook_steps (runbook_id);

-- takes: runbook_steps, SHARE, catalog
CREATE INDEX IF NOT EXISTS runbook_steps_step_idx ON runbook_steps (step);
