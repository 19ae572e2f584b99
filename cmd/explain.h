/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * castiron explain [option …] NODE [--json]: says why a node is where it is (conductor/explain.h).
 * argv[0] is the word "explain". Gives the exit code: 0, or 1 when there is no such node or no
 * database; a command line that is not understood ends the process with 2.
 */
int ci_explain_main(int argc, char **argv);
