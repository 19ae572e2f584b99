-- Category of port groups.

-- takes: portgroups, ACCESS EXCLUSIVE, catalog
ALTER TABLE portgroups
    ADD COLUMN IF NOT EXISTS category VARCHAR(80); -- sqlite: ADD COLUMN category VARCHAR(80);
