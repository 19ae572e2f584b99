-- Inspection rules.

-- takes: inspection_rules, ACCESS EXCLUSIVE, catalog
CREATE TABLE IF NOT EXISTS inspection_rules (
    version VARCHAR(15),
    created_at TIMESTAMP, -- sqlite: created_at DATETIME,
    updated_at TIMESTAMP, -- sqlite: updated_at DATETIME,
    id SERIAL NOT NULL, -- sqlite: id INTEGER NOT NULL,
    uuid VARCHAR(36) NOT NULL,
    priority INTEGER NOT NULL,
    description VARCHAR(255),
    scope VARCHAR(255),
    sensitive BOOLEAN,
    phase VARCHAR(16),
    conditions TEXT,
    actions TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uniq_inspection_rules0uuid UNIQUE (uuid)
);

-- takes: inspection_rules, SHARE, catalog
CREATE INDEX IF NOT EXISTS inspection_rule_phase_idx ON inspection_rules (phase);

-- takes: inspection_rules, SHARE, catalog
CREATE INDEX IF NOT EXISTS inspection_rule_scope_idx ON inspection_rules (scope);
