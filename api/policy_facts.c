/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes that policy rules compare: those of oslo.context and Ironic's context, and the
 * owner and lessee of the record.
 */
#include "api/policy_facts.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static bool admin_project(const struct ci_rule_facts *facts, const char **ret_value)
{
    *ret_value = facts->who->is_other_project ? "False" : "True";
    return true;
}

static bool public_api(const struct ci_rule_facts *facts, const char **ret_value)
{
    *ret_value = facts->who->is_public_api ? "True" : "False";
    return true;
}

static bool service_project(const struct ci_rule_facts *facts, const char **ret_value)
{
    *ret_value = facts->service_project;
    return *ret_value;
}

static bool of_kind(const struct ci_rule_facts *facts, const char *kind, const char *value,
                    const char **ret_value)
{
    *ret_value = value;
    return value && facts->kind && strcmp(facts->kind, kind) == 0;
}

static bool node_owner(const struct ci_rule_facts *facts, const char **ret_value)
{
    return of_kind(facts, "node", facts->owner, ret_value);
}

static bool node_lessee(const struct ci_rule_facts *facts, const char **ret_value)
{
    return of_kind(facts, "node", facts->lessee, ret_value);
}

static bool allocation_owner(const struct ci_rule_facts *facts, const char **ret_value)
{
    return of_kind(facts, "allocation", facts->owner, ret_value);
}

static bool runbook_owner(const struct ci_rule_facts *facts, const char **ret_value)
{
    return of_kind(facts, "runbook", facts->owner, ret_value);
}

#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, true, false, offsetof(struct ci_identity, name), NULL                               \
    }
#define LIST(name)                                                                                 \
    {                                                                                              \
#name, true, true, offsetof(struct ci_identity, name), NULL                                \
    }
static const struct ci_fact facts_known[] = {
    TEXT(user_id),
    TEXT(user_domain_id),
    TEXT(system_scope),
    TEXT(domain_id),
    TEXT(project_id),
    TEXT(project_domain_id),
    LIST(roles),
    {"is_admin_project", true, false, 0, admin_project},
    TEXT(service_user_id),
    TEXT(service_user_domain_id),
    TEXT(service_project_id),
    TEXT(service_project_domain_id),
    LIST(service_roles),
    TEXT(project_name),
    {"is_public_api", true, false, 0, public_api},
    {"config.service_project_name", false, false, 0, service_project},
    {"node.owner", false, false, 0, node_owner},
    {"node.lessee", false, false, 0, node_lessee},
    {"allocation.owner", false, false, 0, allocation_owner},
    {"runbook.owner", false, false, 0, runbook_owner},
};

const struct ci_fact *ci_fact_find(const char *name)
{
    for (size_t i = 0; i < sizeof facts_known / sizeof facts_known[0]; i++) {
        if (strcmp(facts_known[i].name, name) == 0)
            return &facts_known[i];
    }
    return NULL;
}

bool ci_fact_value(const struct ci_fact *fact, const struct ci_rule_facts *facts,
                   const char **ret_value)
{
    const char *const *text;

    if (fact->get)
        return fact->get(facts, ret_value);
    if (fact->is_list)
        return false;
    text = (const char *const *)((const char *)facts->who + fact->offset);
    *ret_value = *text ? *text : "None";
    return true;
}

const char *const *ci_fact_values(const struct ci_fact *fact, const struct ci_rule_facts *facts)
{
    return *(const char *const *const *)((const char *)facts->who + fact->offset);
}

static void add_piece(struct ci_match *match, struct ci_piece piece)
{
    match->pieces[match->n++] = piece;
}

bool ci_match_compile(struct ci_arena *mem, const char *text, struct ci_match *ret_match)
{
    struct ci_match match = {.pieces = ci_alloc_array(mem, strlen(text) + 1, sizeof *match.pieces)};

    while (*text) {
        size_t n = strcspn(text, "%");
        const char *end;

        if (n > 0)
            add_piece(&match, (struct ci_piece){.text = ci_strndup(mem, text, n), .length = n});
        text += n;
        if (*text == '\0')
            break;
        if (text[1] == '%') {
            add_piece(&match, (struct ci_piece){.text = "%", .length = 1});
            text += 2;
            continue;
        }
        end = strchr(text, ')');
        if (text[1] != '(' || !end || end[1] != 's' ||
            memchr(text + 2, '(', (size_t)(end - text - 2)))
            return false;
        add_piece(&match,
                  (struct ci_piece){.key = ci_strndup(mem, text + 2, (size_t)(end - text - 2))});
        match.pieces[match.n - 1].fact = ci_fact_find(match.pieces[match.n - 1].key);
        text = end + 2;
    }
    *ret_match = match;
    return true;
}

static bool match_with(const struct ci_match *match, const struct ci_rule_facts *facts,
                       const char *value, int (*compare)(const char *, const char *, size_t))
{
    for (size_t i = 0; i < match->n; i++) {
        const struct ci_piece *piece = &match->pieces[i];
        const char *text = piece->text;
        size_t n;

        if (!text && (!piece->fact || !ci_fact_value(piece->fact, facts, &text)))
            return false;
        n = strlen(text);
        if (compare(text, value, n) != 0)
            return false;
        value += n;
    }
    return *value == '\0';
}

bool ci_match_is(const struct ci_match *match, const struct ci_rule_facts *facts, const char *value)
{
    return match_with(match, facts, value, strncmp);
}

bool ci_match_folded(const struct ci_match *match, const struct ci_rule_facts *facts,
                     const char *value)
{
    return match_with(match, facts, value, strncasecmp);
}

bool ci_match_same(const struct ci_match *one, const struct ci_match *other)
{
    if (one->n != other->n)
        return false;
    for (size_t i = 0; i < one->n; i++) {
        if (!ci_same(one->pieces[i].text, other->pieces[i].text) ||
            !ci_same(one->pieces[i].key, other->pieces[i].key))
            return false;
    }
    return true;
}
