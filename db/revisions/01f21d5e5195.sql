-- Wider user of node history.

-- PostgreSQL changes a limit in its catalog alone; the other way round it would copy.
-- takes: node_history, ACCESS EXCLUSIVE, catalog, pg
ALTER TABLE node_history ALTER COLUMN "user" TYPE VARCHAR(64);

-- SQLite changes no types: a new column takes the place of the old one.
-- takes: node_history, EXCLUSIVE, catalog, sqlite
ALTER TABLE node_history ADD COLUMN user_64 VARCHAR(64);

-- takes: node_history, EXCLUSIVE, copy, sqlite
UPDATE node_history SET user_64 = "user";

-- takes: node_history, EXCLUSIVE, copy, sqlite
ALTER TABLE node_history DROP COLUMN "user";

-- takes: node_history, EXCLUSIVE, catalog, sqlite
ALTER TABLE node_history RENAME COLUMN user_64 TO "user";
