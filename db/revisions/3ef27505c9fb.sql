-- Category of ports.

-- takes: ports, ACCESS EXCLUSIVE, catalog
ALTER TABLE ports
    ADD COLUMN IF NOT EXISTS category VARCHAR(80); -- sqlite: ADD COLUMN category VARCHAR(80);
