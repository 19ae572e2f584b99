-- Instance name of nodes.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS instance_name VARCHAR(255); -- sqlite: ADD COLUMN instance_name VARCHAR(255);
