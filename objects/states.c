/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provision state machine: states.def as tables, and the questions about them.
 *
 * A state is known by its text, since that is what rows and messages hold; the tables are
 * short and looked through from the top.
 */
#include "objects/states.h"

#include <stddef.h>
#include <string.h>

#define STATE(name, text, target, flags) const char CI_STATE_##name[] = text;
#include "objects/states.def"

/* Short words for the flags of the table. */
enum {
    STABLE = CI_STATE_IS_STABLE,
    UNSTABLE = CI_STATE_IS_UNSTABLE,
    UPDATE = CI_STATE_MAY_UPDATE,
    DELETE = CI_STATE_MAY_DELETE,
    FAILURE = CI_STATE_IS_FAILURE,
    LOOKUP = CI_STATE_MAY_LOOKUP,
    FAST = CI_STATE_MAY_LOOKUP_FAST,
    STUCK = CI_STATE_IS_STUCK
};

static const struct state {
    const char *name, *target;
    unsigned flags;
} states[] = {
#define STATE(name_, text_, target_, flags_) {CI_STATE_##name_, CI_STATE_##target_, flags_},
#include "objects/states.def"
};

static const char *const events[] = {
#define EVENT(name, text) [CI_EVENT_##name] = text,
#include "objects/states.def"
};

static const struct move {
    const char *from;
    enum ci_event event;
    const char *to;
} moves[] = {
#define MOVE(from_, event_, to_) {CI_STATE_##from_, CI_EVENT_##event_, CI_STATE_##to_},
#include "objects/states.def"
};

static const struct verb {
    const char *name;
    enum ci_event event;
    int since;
} verbs[] = {
#define VERB(text_, event_, since_) {text_, CI_EVENT_##event_, since_},
#include "objects/states.def"
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct state *find_state(const char *name)
{
    for (size_t i = 0; name && i < COUNT(states); i++) {
        if (strcmp(states[i].name, name) == 0)
            return &states[i];
    }
    return NULL;
}

size_t ci_state_place(const char *state)
{
    const struct state *found = find_state(state);

    return found ? (size_t)(found - states) : CI_STATE_COUNT;
}

const char *ci_state_at(size_t place)
{
    return states[place].name;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; name && i < COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

bool ci_state_is(const char *state, unsigned flags)
{
    const struct state *row = find_state(state);

    return row && (row->flags & flags) == flags;
}

bool ci_state_exists(const char *state)
{
    return find_state(state) != NULL;
}

const char *ci_state_target(const char *state)
{
    const struct state *row = find_state(state);

    return row ? row->target : NULL;
}

const char *ci_state_move(const char *state, enum ci_event event)
{
    for (size_t i = 0; state && i < COUNT(moves); i++) {
        if (moves[i].event == event && strcmp(moves[i].from, state) == 0)
            return moves[i].to;
    }
    return NULL;
}

const char *ci_event_name(enum ci_event event)
{
    return events[event];
}

enum ci_event ci_verb_event(const char *verb)
{
    const struct verb *row = find_verb(verb);

    return row ? row->event : CI_EVENT_COUNT;
}

int ci_verb_since(const char *verb)
{
    const struct verb *row = find_verb(verb);

    return row ? row->since : 0;
}

bool ci_state_allows_verb(const char *state, const char *verb)
{
    const struct verb *row = find_verb(verb);

    return row && ci_state_move(state, row->event) != NULL;
}
