-- Firmware interface of nodes, firmware components.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS firmware_interface VARCHAR(255); -- sqlite: ADD COLUMN firmware_interface VARCHAR(255);

-- takes: nodes, SHARE ROW EXCLUSIVE, catalog
CREATE TABLE IF NOT EXISTS firmware_information (
    created_at TIMESTAMP, -- sqlite: created_at DATETIME,
    updated_at TIMESTAMP, -- sqlite: updated_at DATETIME,
    id SERIAL NOT NULL, -- sqlite: id INTEGER NOT NULL,
    node_id INTEGER NOT NULL,
    component VARCHAR(255) NOT NULL,
    initial_version VARCHAR(255) NOT NULL,
    current_version VARCHAR(255),
    last_version_flashed VARCHAR(255),
    version VARCHAR(15),
    PRIMARY KEY (id),
    FOREIGN KEY (node_id) REFERENCES nodes (id),
    CONSTRAINT uniq_nodecomponent0node_id0component UNIQUE (node_id, component)
);
