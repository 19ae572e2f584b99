/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/states.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/unit.h"

static const struct {
    const char *name, *target;
} states[] = {
#define GOLDEN_STATE(name, target) {name, target},
#include "tests/golden/states.def"
};

static const struct {
    unsigned flag;
    const char *name;
} members[] = {
#define GOLDEN_MEMBER(flag, name) {flag, name},
#include "tests/golden/states.def"
};

static const struct {
    const char *from;
    enum ci_event event;
    const char *to;
} moves[] = {
#define GOLDEN_MOVE(from, event, to) {from, CI_EVENT_##event, to},
#include "tests/golden/states.def"
};

static const struct {
    const char *name;
    int since;
} verbs[] = {
#define GOLDEN_VERB(name, since) {name, since},
#include "tests/golden/states.def"
};

static const struct {
    const char *name, *state;
} taken[] = {
#define GOLDEN_TAKEN(name, state) {name, state},
#include "tests/golden/states.def"
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

START_TEST(every_state_is_known_and_leads_where_ironic_says)
{
    for (size_t i = 0; i < COUNT(states); i++) {
        ck_assert_msg(ci_state_exists(states[i].name), "%s", states[i].name);
        ck_assert_msg(ci_same(ci_state_target(states[i].name), states[i].target), "%s",
                      states[i].name);
    }
    ck_assert(!ci_state_exists("deleted"));
    ck_assert(!ci_state_exists(""));
    ck_assert(!ci_state_exists(NULL));
    ck_assert_ptr_null(ci_state_target("nowhere"));
}
END_TEST

static bool is_member(const char *state, unsigned flag)
{
    for (size_t i = 0; i < COUNT(members); i++) {
        if (members[i].flag == flag && strcmp(members[i].name, state) == 0)
            return true;
    }
    return false;
}

START_TEST(the_sets_have_ironics_members_and_no_others)
{
    for (size_t i = 0; i < COUNT(states); i++) {
        for (unsigned flag = CI_STATE_IS_STABLE; flag <= CI_STATE_IS_STUCK; flag *= 2)
            ck_assert_msg(ci_state_is(states[i].name, flag) == is_member(states[i].name, flag),
                          "state %s, flag %u", states[i].name, flag);
    }
    ck_assert(ci_state_is("error", CI_STATE_IS_STABLE | CI_STATE_MAY_UPDATE));
    ck_assert(!ci_state_is("error", CI_STATE_IS_STABLE | CI_STATE_IS_FAILURE));
    ck_assert(!ci_state_is(NULL, CI_STATE_IS_STABLE));
}
END_TEST

static const char *golden_move(const char *from, enum ci_event event)
{
    for (size_t i = 0; i < COUNT(moves); i++) {
        if (moves[i].event == event && strcmp(moves[i].from, from) == 0)
            return moves[i].to;
    }
    return NULL;
}

START_TEST(each_event_moves_each_state_as_ironics_machine_does)
{
    ck_assert_uint_eq(COUNT(moves), 93);
    for (size_t i = 0; i < COUNT(states); i++) {
        for (int event = 0; event < CI_EVENT_COUNT; event++)
            ck_assert_msg(ci_same(ci_state_move(states[i].name, (enum ci_event)event),
                                  golden_move(states[i].name, (enum ci_event)event)),
                          "state %s, event %s", states[i].name,
                          ci_event_name((enum ci_event)event));
    }
    ck_assert_ptr_null(ci_state_move(NULL, CI_EVENT_deploy));
    ck_assert_ptr_null(ci_state_move("nowhere", CI_EVENT_deploy));
}
END_TEST

static bool is_taken(const char *verb, const char *state)
{
    for (size_t i = 0; i < COUNT(taken); i++) {
        if (strcmp(taken[i].name, verb) == 0 && strcmp(taken[i].state, state) == 0)
            return true;
    }
    return false;
}

START_TEST(each_verb_is_taken_where_rest_takes_it)
{
    for (size_t i = 0; i < COUNT(verbs); i++) {
        for (size_t j = 0; j < COUNT(states); j++)
            ck_assert_msg(ci_state_allows_verb(states[j].name, verbs[i].name) ==
                              is_taken(verbs[i].name, states[j].name),
                          "verb %s, state %s", verbs[i].name, states[j].name);
    }
    ck_assert(!ci_state_allows_verb("enroll", "fly"));
    ck_assert(!ci_state_allows_verb("deploying", "fail"));
    ck_assert(!ci_state_allows_verb("enroll", NULL));
}
END_TEST

START_TEST(each_verb_knows_the_version_that_brought_it)
{
    for (size_t i = 0; i < COUNT(verbs); i++)
        ck_assert_msg(ci_verb_since(verbs[i].name) == verbs[i].since, "%s", verbs[i].name);
    ck_assert_int_eq(ci_verb_since("fly"), 0);
    ck_assert_int_eq(ci_verb_event("active"), CI_EVENT_deploy);
    ck_assert_int_eq(ci_verb_event("undeploy"), CI_EVENT_delete);
    ck_assert_int_eq(ci_verb_event("fly"), CI_EVENT_COUNT);
}
END_TEST

START_TEST(each_state_has_a_place)
{
    for (size_t i = 0; i < CI_STATE_COUNT; i++)
        ck_assert_uint_eq(ci_state_place(ci_state_at(i)), i);
    ck_assert_str_eq(ci_state_at(CI_STATE_PLACE_ACTIVE), CI_STATE_ACTIVE);
    ck_assert_uint_eq(ci_state_place("nowhere"), CI_STATE_COUNT);
    ck_assert_uint_eq(ci_state_place(NULL), CI_STATE_COUNT);
}
END_TEST

UNIT_MAIN("objects/states", each_state_has_a_place,
          every_state_is_known_and_leads_where_ironic_says,
          the_sets_have_ironics_members_and_no_others,
          each_event_moves_each_state_as_ironics_machine_does,
          each_verb_is_taken_where_rest_takes_it, each_verb_knows_the_version_that_brought_it)
