-- Parent node of nodes.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS parent_node VARCHAR(36); -- sqlite: ADD COLUMN parent_node VARCHAR(36);

-- takes: nodes, SHARE UPDATE EXCLUSIVE, index
CREATE INDEX CONCURRENTLY IF NOT EXISTS parent_node_idx -- sqlite: CREATE INDEX IF NOT EXISTS parent_node_idx
    ON nodes (parent_node);
