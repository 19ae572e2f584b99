/* SPDX-License-Identifier: Apache-2.0 */
/* Stored objects on PostgreSQL. */
#include "tests/unit/db/postgres.h"
#define RECORDS_URL postgres_url
#include "tests/unit/objects/conductor_tests.h"
#include "tests/unit/objects/node_tests.h"
#include "tests/unit/objects/part_tests.h"
#include "tests/unit/objects/step_tests.h"

int main(void)
{
    const TTest *const tests[] = {NODE_TESTS, PART_TESTS, CONDUCTOR_TESTS, STEP_TESTS};
    int result = EXIT_FAILURE;

    if (postgres_begin())
        result = unit_run("objects/records_postgresql", tests, sizeof tests / sizeof tests[0]);
    else
        fputs("objects/records_postgresql: no PostgreSQL server could be started\n", stderr);
    postgres_end();
    return result;
}
