-- Running service step of nodes.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS service_step TEXT; -- sqlite: ADD COLUMN service_step TEXT;
