/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The provision state machine as the API and the conductor both ask it: names of states as they
 * are stored and shown, the sets they belong to, the moves and the verbs. The rows are in
 * states.def: STATE(AVAILABLE, "available", NOSTATE, STABLE | FAST), EVENT(deploy, "deploy"),
 * MOVE(AVAILABLE, deploy, DEPLOYING), VERB("active", deploy, 1). NOSTATE is NULL.
 */
#define STATE(name, text, target, flags) extern const char CI_STATE_##name[];
#include "objects/states.def"
#define CI_STATE_NOSTATE ((const char *)0)

#define CI_POWER_ON "power on"
#define CI_POWER_OFF "power off"
#define CI_REBOOT "rebooting"
#define CI_SOFT_POWER_OFF "soft power off"
#define CI_SOFT_REBOOT "soft rebooting"
#define CI_POWER_ERROR "error"

/* Flags of a state, Ironic's sets. */
enum ci_state_flag {
    CI_STATE_IS_STABLE = 1,
    CI_STATE_IS_UNSTABLE = 2,
    CI_STATE_MAY_UPDATE = 4, /* UPDATE_ALLOWED_STATES */
    CI_STATE_MAY_DELETE = 8, /* DELETE_ALLOWED_STATES */
    CI_STATE_IS_FAILURE = 16,
    CI_STATE_MAY_LOOKUP = 32,
    CI_STATE_MAY_LOOKUP_FAST = 64,
    CI_STATE_IS_STUCK = 128, /* failed when the conductor starts */
};

/* One number per event of the machine: CI_EVENT_deploy, … */
enum ci_event {
#define EVENT(name, text) CI_EVENT_##name,
#include "objects/states.def"
    CI_EVENT_COUNT
};

/* How many states there are, the place of one among them (that number: it is none), and back. */
enum {
#define STATE(name, text, target, flags) CI_STATE_PLACE_##name,
#include "objects/states.def"
    CI_STATE_COUNT
};
size_t ci_state_place(const char *state);
const char *ci_state_at(size_t place);

/* Does the state have all these flags? Unknown states have none. */
bool ci_state_is(const char *state, unsigned flags);

/* Is it a provision state at all (for filters)? */
bool ci_state_exists(const char *state);

/* Where the work of a state leads; NULL when it leads nowhere. */
const char *ci_state_target(const char *state);

/* Where the event leads from the state, or NULL when there is no such move. */
const char *ci_state_move(const char *state, enum ci_event event);

/* The event's name, for messages. */
const char *ci_event_name(enum ci_event event);

/* What a verb ("manage", "active", …) asks for; CI_EVENT_COUNT for unknown verbs. */
enum ci_event ci_verb_event(const char *verb);

/* The API minor version that brought the verb; 0 for unknown verbs. */
int ci_verb_since(const char *verb);

/* May the verb be asked for in that state? False for unknown verbs. */
bool ci_state_allows_verb(const char *state, const char *verb);
