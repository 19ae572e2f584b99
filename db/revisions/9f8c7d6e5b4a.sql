-- Health of nodes.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS health VARCHAR(32); -- sqlite: ADD COLUMN health VARCHAR(32);
