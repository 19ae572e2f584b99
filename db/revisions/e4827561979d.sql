-- Vendor of ports.

-- takes: ports, ACCESS EXCLUSIVE, catalog
ALTER TABLE ports
    ADD COLUMN IF NOT EXISTS vendor VARCHAR(32); -- sqlite: ADD COLUMN vendor VARCHAR(32);
