-- Vendor, model and serial number of firmware components.

-- takes: firmware_information, ACCESS EXCLUSIVE, catalog
ALTER TABLE firmware_information
    ADD COLUMN IF NOT EXISTS vendor VARCHAR(255); -- sqlite: ADD COLUMN vendor VARCHAR(255);

-- takes: firmware_information, ACCESS EXCLUSIVE, catalog
ALTER TABLE firmware_information
    ADD COLUMN IF NOT EXISTS model VARCHAR(255); -- sqlite: ADD COLUMN model VARCHAR(255);

-- takes: firmware_information, ACCESS EXCLUSIVE, catalog
ALTER TABLE firmware_information
    ADD COLUMN IF NOT EXISTS serial_number VARCHAR(255); -- sqlite: ADD COLUMN serial_number VARCHAR(255);
