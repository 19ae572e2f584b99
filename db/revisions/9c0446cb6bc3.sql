-- 64-bit bounds of BIOS settings.
--
-- A change of type would copy the table under a lock that nobody reads through: minutes where
-- nodes have hundreds of settings each. Instead columns of the new type are filled beside the
-- old ones, row by row and kept equal by a trigger, and take their names at the end.

-- takes: bios_settings, ACCESS EXCLUSIVE, catalog, pg
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'bios_settings'::regclass
               AND attname = 'upper_bound' AND atttypid = 'integer'::regtype) THEN
        ALTER TABLE bios_settings ADD COLUMN IF NOT EXISTS lower_bound_64 BIGINT,
            ADD COLUMN IF NOT EXISTS upper_bound_64 BIGINT;
        CREATE OR REPLACE FUNCTION bios_settings_bounds_64() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.lower_bound_64 := NEW.lower_bound; NEW.upper_bound_64 := NEW.upper_bound;
             RETURN NEW; END';
        DROP TRIGGER IF EXISTS bios_settings_bounds_64 ON bios_settings;
        CREATE TRIGGER bios_settings_bounds_64 BEFORE INSERT OR UPDATE ON bios_settings
            FOR EACH ROW EXECUTE PROCEDURE bios_settings_bounds_64();
    END IF;
END $$;

-- takes: bios_settings, ROW EXCLUSIVE, copy, pg
DO $$ DECLARE
    node INTEGER;
    last INTEGER;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'bios_settings'::regclass
                   AND attname = 'upper_bound_64') THEN
        RETURN;
    END IF;
    SELECT min(node_id), max(node_id) INTO node, last FROM bios_settings;
    WHILE node <= last LOOP
        UPDATE bios_settings SET lower_bound_64 = lower_bound, upper_bound_64 = upper_bound
            WHERE node_id >= node AND node_id < node + 10
            AND (lower_bound_64 IS DISTINCT FROM lower_bound
                 OR upper_bound_64 IS DISTINCT FROM upper_bound);
        COMMIT;
        node := node + 10;
    END LOOP;
END $$;

-- takes: bios_settings, ACCESS EXCLUSIVE, catalog, pg
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'bios_settings'::regclass
               AND attname = 'upper_bound_64') THEN
        DROP TRIGGER bios_settings_bounds_64 ON bios_settings;
        DROP FUNCTION bios_settings_bounds_64();
        ALTER TABLE bios_settings DROP COLUMN lower_bound, DROP COLUMN upper_bound;
        ALTER TABLE bios_settings RENAME COLUMN lower_bound_64 TO lower_bound;
        ALTER TABLE bios_settings RENAME COLUMN upper_bound_64 TO upper_bound;
    END IF;
END $$;

-- takes: bios_settings, EXCLUSIVE, catalog, sqlite
ALTER TABLE bios_settings ADD COLUMN lower_bound_64 BIGINT;

-- takes: bios_settings, EXCLUSIVE, catalog, sqlite
ALTER TABLE bios_settings ADD COLUMN upper_bound_64 BIGINT;

-- takes: bios_settings, EXCLUSIVE, copy, sqlite
UPDATE bios_settings SET lower_bound_64 = lower_bound, upper_bound_64 = upper_bound;

-- takes: bios_settings, EXCLUSIVE, copy, sqlite
ALTER TABLE bios_settings DROP COLUMN lower_bound;

-- takes: bios_settings, EXCLUSIVE, copy, sqlite
ALTER TABLE bios_settings DROP COLUMN upper_bound;

-- takes: bios_settings, EXCLUSIVE, catalog, sqlite
ALTER TABLE bios_settings RENAME COLUMN lower_bound_64 TO lower_bound;

-- takes: bios_settings, EXCLUSIVE, catalog, sqlite
ALTER TABLE bios_settings RENAME COLUMN upper_bound_64 TO upper_bound;
