-- Nodes that must not be powered off.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS disable_power_off BOOLEAN DEFAULT false; -- sqlite: ADD COLUMN disable_power_off BOOLEAN DEFAULT false;
