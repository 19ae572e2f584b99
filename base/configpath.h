/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/*
 * Which files make up the configuration, in the order they are read, as a list that ends with
 * NULL.
 *
 * What the sources name is taken as it is: each file, then the *.conf of each directory by name.
 * Where they name no file (or no directory), oslo.config's search path is used: NAME.conf and
 * PROGRAM.conf, NAME.conf.d/ and PROGRAM.conf.d/, each where it is found first of ~/.NAME, ~,
 * /etc/NAME and /etc. NAME is castiron if castiron.conf or castiron.conf.d is found, in those
 * folders or in Ironic's, else ironic: never both. Directories found so are read before files
 * that were named, as oslo.config does.
 *
 * Fails with ConfigInvalid when a directory that was named is none.
 */
ci_must_check bool ci_config_path(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                                  const char *const **ret_files);

/*
 * The folders in which files that options name relatively are looked for, first one first, as
 * oslo.config does: directories that were named, folders of files that were named (the last one
 * first), and those of the search path. A list in `mem` that ends with NULL; `sources` may be NULL.
 */
const char *const *ci_config_folders(struct ci_arena *mem, const struct ci_config_sources *sources);
