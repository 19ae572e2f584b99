/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * Names of states as they are stored and shown, and the sets that the API and the conductor both ask
 * for. The rows are in states.def: STATE(AVAILABLE, "available", flags), EVENT(deploy, "deploy"),
 * MOVE(AVAILABLE, deploy, DEPLOYING), VERB("active", …). NOSTATE is NULL.
 */
#define STATE(name, text, target, flags) extern const char CI_STATE_##name[];
#include "objects/states.def"
#undef STATE

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
    CI_STATE_MAY_UPDATE = 4,      /* UPDATE_ALLOWED_STATES */
    CI_STATE_MAY_DELETE = 8,      /* DELETE_ALLOWED_STATES */
    CI_STATE_IS_FAILURE = 16,
    CI_STATE_MAY_LOOKUP = 32,
    CI_STATE_MAY_LOOKUP_FAST = 64,
    CI_STATE_IS_STUCK = 128,      /* failed when the conductor starts */
};

/* Does the state have all these flags? Unknown states have none. */
bool ci_state_is(const char *state, unsigned flags);

/* Is it a provision state at all (for filters)? */
bool ci_state_exists(const char *state);

/* May the verb ("manage", "active", …) be asked for in that state? False for unknown verbs. */
bool ci_state_allows_verb(const char *state, const char *verb);
