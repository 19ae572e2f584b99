-- Physical network of port groups.

-- takes: portgroups, ACCESS EXCLUSIVE, catalog
ALTER TABLE portgroups
    ADD COLUMN IF NOT EXISTS physical_network VARCHAR(64); -- sqlite: ADD COLUMN physical_network VARCHAR(64);
