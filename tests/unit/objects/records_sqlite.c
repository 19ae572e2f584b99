/* SPDX-License-Identifier: Apache-2.0 */
/* Stored objects on SQLite. */
#define RECORDS_URL "sqlite://"
#include "tests/unit/objects/conductor_tests.h"
#include "tests/unit/objects/node_tests.h"
#include "tests/unit/objects/part_tests.h"
#include "tests/unit/objects/step_tests.h"

UNIT_MAIN("objects/records_sqlite", NODE_TESTS, PART_TESTS, CONDUCTOR_TESTS, STEP_TESTS)
