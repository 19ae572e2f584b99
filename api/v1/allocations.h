/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/patch.h"
#include "objects/allocation.h"

/* What the files of allocations share. */

/* Loads a node that a parameter or a body names; its absence is the client's fault (400). */
ci_must_check bool ci_allocation_node(struct ci_request *req, const char *ident,
                                      struct ci_node **ret_node);

/* Fails with Invalid "Cannot WHAT allocation with invalid name …"; no name is fine. */
ci_must_check bool ci_allocation_name_check(struct ci_request *req, const json_t *document,
                                            const char *what);
