-- Project of node history.

-- takes: node_history, ACCESS EXCLUSIVE, catalog
ALTER TABLE node_history
    ADD COLUMN IF NOT EXISTS project VARCHAR(80); -- sqlite: ADD COLUMN project VARCHAR(80);
