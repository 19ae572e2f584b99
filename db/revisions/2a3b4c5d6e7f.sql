-- Dynamic port groups.

-- takes: ports, ACCESS EXCLUSIVE, catalog
ALTER TABLE ports
    ADD COLUMN IF NOT EXISTS available_for_dynamic_portgroup BOOLEAN DEFAULT true NOT NULL; -- sqlite: ADD COLUMN available_for_dynamic_portgroup BOOLEAN DEFAULT true NOT NULL;

-- takes: portgroups, ACCESS EXCLUSIVE, catalog
ALTER TABLE portgroups
    ADD COLUMN IF NOT EXISTS dynamic_portgroup BOOLEAN; -- sqlite: ADD COLUMN dynamic_portgroup BOOLEAN;
