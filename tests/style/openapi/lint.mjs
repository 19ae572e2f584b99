// SPDX-License-Identifier: Apache-2.0
// Prints what Redocly's recommended rules find wrong in a contract; fails when that is anything.
import { createConfig, lint } from '@redocly/openapi-core';

const config = await createConfig({ extends: ['recommended'] });
const problems = await lint({ ref: process.argv[2], config });
for (const problem of problems) {
    const where = problem.location.map((place) => place.pointer).join(' ');
    console.log(`${problem.severity}: ${problem.ruleId}: ${problem.message} ${where}`);
}
process.exit(problems.length > 0 ? 1 : 0);
