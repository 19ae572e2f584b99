/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/policy_rules.h"
#include "api/request.h"

/*
 * What a caller may do. The rule of a route is asked by the pipeline where no record is needed, by
 * the loader of the record where one is, by ci_view_list() for lists: column `asks` of
 * policies.def says which. A handler that answers without its rule having been asked is refused
 * with 403 all the same, so that a route that forgets is closed and not open.
 *
 * Without keystone everyone is an administrator: then nothing is evaluated but what masks secrets.
 *
 * The rules in force are shared by all threads under a mutex of policy.c; a request holds those it
 * first asked to its end. Files are looked at once a second and read again when they changed; what
 * cannot be understood then is logged, and the rules stay as they were.
 */

/* A record that rules are asked with. */
struct ci_policy_record {
    const char *kind;           /* "node", "allocation", "runbook" */
    const char *owner, *lessee; /* NULL: it has none */
};

/* That of a struct ci_node. */
#define CI_POLICY_NODE(node)                                                                       \
    ((struct ci_policy_record){.kind = "node", .owner = (node)->owner, .lessee = (node)->lessee})

/* Reads the rules at start. Fails with file and line. ci_policy_close() forgets them. */
ci_must_check bool ci_policy_open(struct ci_ctx *ctx);
void ci_policy_close(void);

/* The pipeline, before the handler and after it. Fail with HTTPForbidden. */
ci_must_check bool ci_policy_allow(struct ci_request *req);
ci_must_check bool ci_policy_settled(struct ci_request *req);

/* May the caller? `record` may be NULL. Administrators always may. */
bool ci_policy_is(struct ci_request *req, const char *name, const struct ci_policy_record *record);

/* The same, failing with HTTPForbidden, which names the rule; the route's rule is settled then. */
ci_must_check bool ci_policy_ask(struct ci_request *req, const char *name,
                                 const struct ci_policy_record *record);

/*
 * The same of a rule that policies.def has not but a file of the operator may have; without one
 * everybody may.
 */
bool ci_policy_lets(struct ci_request *req, const char *name,
                    const struct ci_policy_record *record);

/* What decides about secrets: evaluated for administrators, too. */
bool ci_policy_shows(struct ci_request *req, const char *name,
                     const struct ci_policy_record *record);

/* May the caller see the record: baremetal:node:get of nodes and what belongs to them, …? */
bool ci_policy_sees(struct ci_request *req, const struct ci_policy_record *record);

/*
 * Asks the route's rule with a record that may be seen. A public route's rule needs no more; that
 * of a route that lists what belongs to the record is left to ci_view_list().
 */
ci_must_check bool ci_policy_granted(struct ci_request *req, const struct ci_policy_record *record);

/*
 * Asks whether the caller may see the record, and then the route's rule. What may not be seen is
 * not there: `not_found` fails with what the resource says then, about `ident`.
 */
typedef bool ci_not_found(struct ci_ctx *ctx, const char *ident);
ci_must_check bool ci_policy_enter(struct ci_request *req, const struct ci_policy_record *record,
                                   ci_not_found *not_found, const char *ident);

/*
 * Asks baremetal:FAMILY:list_all and, where that refuses a caller of a project, …:list;
 * *ret_project is the project whose things alone may be listed then, or NULL for all. `project` is
 * the one that the request filters by, or NULL: another project's are refused.
 */
ci_must_check bool ci_policy_list(struct ci_request *req, const char *family, const char *project,
                                  const char **ret_project);
