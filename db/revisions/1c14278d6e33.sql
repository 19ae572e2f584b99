-- Description of ports.

-- takes: ports, ACCESS EXCLUSIVE, catalog
ALTER TABLE ports
    ADD COLUMN IF NOT EXISTS description VARCHAR(255); -- sqlite: ADD COLUMN description VARCHAR(255);
