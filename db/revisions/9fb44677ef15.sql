-- States and duration of node history.

-- takes: node_history, ACCESS EXCLUSIVE, catalog
ALTER TABLE node_history
    ADD COLUMN IF NOT EXISTS state VARCHAR(255); -- sqlite: ADD COLUMN state VARCHAR(255);

-- takes: node_history, ACCESS EXCLUSIVE, catalog
ALTER TABLE node_history
    ADD COLUMN IF NOT EXISTS target_provision_state VARCHAR(255); -- sqlite: ADD COLUMN target_provision_state VARCHAR(255);

-- takes: node_history, ACCESS EXCLUSIVE, catalog
ALTER TABLE node_history
    ADD COLUMN IF NOT EXISTS duration_seconds INTEGER; -- sqlite: ADD COLUMN duration_seconds INTEGER;
