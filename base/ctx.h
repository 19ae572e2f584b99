/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct ci_config;
struct ci_db;
struct ci_db_tx;
struct ci_notifier;
struct ci_rpc;

/*
 * Who asks: what authentication found out, and what policies and remote calls are told.
 *
 * Text is borrowed from the arena of the work; absent values are NULL.
 */
struct ci_identity {
    const char *user_id, *user_name, *user_domain_id, *user_domain_name;
    const char *project_id, *project_name, *project_domain_id, *project_domain_name;
    const char *system_scope; /* "all" for system-scoped callers */
    const char *domain_id;    /* of domain-scoped callers */
    const char *const *roles; /* ends with NULL; NULL when there are none */
    const char *auth_token;   /* secret: never logged */
    /* The service that sends the request on for the caller, by its own token. */
    const char *service_user_id, *service_user_domain_id;
    const char *service_project_id, *service_project_domain_id;
    const char *const *service_roles;
    bool is_admin;         /* every rule is granted (noauth, http_basic) */
    bool is_public_api;    /* a route that asks for no identity */
    bool is_other_project; /* Keystone names an administrators' project, and it is another */
};

/*
 * One piece of work: its memory, its error, who asked for it and the services it uses.
 *
 * The first parameter of nearly every function. Made by whoever begins the work (a request,
 * a call, a periodic run); belongs to one thread at a time.
 */
struct ci_ctx {
    struct ci_arena *mem;
    struct ci_error *error;         /* why the last function gave false; NULL while all is well */
    const struct ci_config *config; /* the configuration as it was when the work began */
    struct ci_db *db;               /* the database; NULL where none is needed */
    struct ci_db_tx *tx;            /* the open transaction, or NULL; owned by db/ */
    struct ci_rpc *rpc;             /* how conductors are called; NULL where nobody is */
    struct ci_notifier *notifier;   /* who tells listeners; NULL where nobody is told */
    const char *request_id;         /* "req-<uuid>", for the log and for remote calls */
    const char *global_request_id;  /* the caller's, or NULL */
    struct ci_identity who;
    int64_t deadline_ns; /* CLOCK_MONOTONIC; db reads past it fail with MustWait; 0: may block */
};

/*
 * Gives `to`, which has its memory already, the services, the request ids and the identity of
 * `from`, copied into its own arena; error, transaction and deadline stay as they are.
 */
void ci_ctx_carry(struct ci_ctx *to, const struct ci_ctx *from);
