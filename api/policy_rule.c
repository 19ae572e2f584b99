/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy rules: compiled by shifting words onto a stack and reducing them greedily, as
 * oslo.policy does, so that what one understands the other does, too.
 */
#include "api/policy_rule.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "api/policy_facts.h"

enum op { NEVER, ALWAYS, NOT, AND, OR, RULE, ROLE, ATTRIBUTE, LITERAL };

struct ci_rule {
    enum op op;
    struct ci_rule *first, *last, *next; /* of NOT, AND, OR; and the sibling */
    const char *name;                    /* RULE: its name; others: the kind as written */
    struct ci_rule *target;              /* RULE: what is there, NULL for nothing */
    const struct ci_fact *fact;          /* ATTRIBUTE; NULL: there is no such */
    const char *literal;                 /* LITERAL: the text compared */
    struct ci_match match;               /* ROLE, ATTRIBUTE, LITERAL: the text behind the colon */
    int depth;                           /* of its own text */
    int linked;                          /* depth with what it refers to; -1 while linking */
};

/* Words of the language, and what they are reduced to. */
enum token { OPEN, CLOSE, T_AND, T_OR, T_NOT, CHECK, AND_EXPR, OR_EXPR, STRING };

struct word {
    enum token token;
    struct ci_rule *rule;
};

struct parse {
    struct ci_arena *mem;
    struct word *words;
    size_t n;
    const char *why;
};

static struct ci_rule *make(struct ci_arena *mem, enum op op)
{
    struct ci_rule *rule = ci_new(mem, struct ci_rule);

    rule->op = op;
    rule->depth = 1;
    return rule;
}

static void append(struct ci_rule *parent, struct ci_rule *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    if (parent->depth <= child->depth)
        parent->depth = child->depth + 1;
}

static struct ci_rule *join(struct ci_arena *mem, enum op op, struct ci_rule *one,
                            struct ci_rule *other)
{
    struct ci_rule *rule = make(mem, op);

    append(rule, one);
    if (other)
        append(rule, other);
    return rule;
}

struct ci_rule *ci_rule_either(struct ci_arena *mem, struct ci_rule *one, struct ci_rule *other)
{
    struct ci_rule *copies[2] = {make(mem, OR), make(mem, OR)};

    /* Copies, since both may stand in other rules, too, where they have other siblings. */
    *copies[0] = *one;
    *copies[1] = *other;
    copies[0]->next = copies[1]->next = NULL;
    return join(mem, OR, copies[0], copies[1]);
}

/* "A or B" and "and C": the and binds B and C. */
static void bind_last(struct ci_arena *mem, struct ci_rule *either, struct ci_rule *check)
{
    struct ci_rule *last = either->last, *moved;

    if (last->op != AND) {
        moved = make(mem, last->op);
        *moved = *last;
        *last = (struct ci_rule){.op = AND, .depth = 1};
        append(last, moved);
    }
    append(last, check);
    if (either->depth <= last->depth)
        either->depth = last->depth + 1;
}

/* The text of a literal left of the colon, as Python prints its value; NULL if it is none. */
static const char *literal_of(struct ci_arena *mem, const char *kind)
{
    static const char *const words[] = {"True", "False", "None", NULL};
    size_t n = strlen(kind), digits;

    if (ci_one_of(kind, words))
        return kind;
    if (n >= 2 && (kind[0] == '\'' || kind[0] == '"') && kind[n - 1] == kind[0] &&
        !memchr(kind + 1, kind[0], n - 2) && !strchr(kind, '\\'))
        return ci_strndup(mem, kind + 1, n - 2);
    digits = strspn(kind + (kind[0] == '-'), "0123456789") + (kind[0] == '-');
    if (digits == n && n > (kind[0] == '-') && (kind[kind[0] == '-'] != '0' || n == 1))
        return kind;
    return NULL;
}

/* Starts like an attribute: what else Python would make of it, it would fail on. */
static bool is_name(const char *kind)
{
    return (kind[0] >= 'a' && kind[0] <= 'z') || (kind[0] >= 'A' && kind[0] <= 'Z') ||
           kind[0] == '_';
}

static struct ci_rule *generic(struct parse *parse, const char *kind)
{
    struct ci_rule *rule = make(parse->mem, LITERAL);

    rule->literal = literal_of(parse->mem, kind);
    if (rule->literal)
        return rule;
    rule->op = ATTRIBUTE;
    rule->fact = ci_fact_find(kind);
    if (rule->fact && !rule->fact->of_caller)
        rule->fact = NULL;
    if (!is_name(kind))
        parse->why = ci_printf(parse->mem, "\"%.60s\" is no attribute and no literal", kind);
    return rule;
}

/* One check: "role:admin". */
static struct ci_rule *check_of(struct parse *parse, const char *text)
{
    const char *colon = strchr(text, ':'), *kind;
    struct ci_rule *rule;

    if (strcmp(text, "!") == 0 || strcmp(text, "@") == 0)
        return make(parse->mem, text[0] == '!' ? NEVER : ALWAYS);
    if (!colon) {
        parse->why = ci_printf(parse->mem, "\"%.60s\" is no check, which would have a colon", text);
        return make(parse->mem, NEVER);
    }
    kind = ci_strndup(parse->mem, text, (size_t)(colon - text));
    if (strcmp(kind, "rule") == 0) {
        rule = make(parse->mem, RULE);
        rule->name = ci_strdup(parse->mem, colon + 1);
        return rule;
    }
    if (strcmp(kind, "http") == 0 || strcmp(kind, "https") == 0)
        parse->why = "checks by another service (http:, https:) are not made";
    rule = strcmp(kind, "role") == 0 ? make(parse->mem, ROLE) : generic(parse, kind);
    rule->name = kind;
    if (!ci_match_compile(parse->mem, colon + 1, &rule->match))
        parse->why =
            ci_printf(parse->mem, "\"%.60s\" has a format other than %%(name)s", colon + 1);
    return rule;
}

/* Are the topmost words these? */
static bool ends_with(const struct parse *parse, enum token a, enum token b, enum token c)
{
    const struct word *top = parse->words + parse->n;

    return parse->n >= 3 && top[-3].token == a && top[-2].token == b && top[-1].token == c;
}

static void replace(struct parse *parse, size_t n, enum token token, struct ci_rule *rule)
{
    parse->n -= n;
    parse->words[parse->n++] = (struct word){token, rule};
    if (rule->depth > CI_RULE_DEPTH_MAX)
        parse->why = "it is nested too deep";
}

/* Joins the three words A and B, A or B. */
static bool reduce_joined(struct parse *parse)
{
    struct word *top = parse->words + parse->n;

    if (ends_with(parse, CHECK, T_AND, CHECK)) {
        replace(parse, 3, AND_EXPR, join(parse->mem, AND, top[-3].rule, top[-1].rule));
    } else if (ends_with(parse, OR_EXPR, T_AND, CHECK)) {
        bind_last(parse->mem, top[-3].rule, top[-1].rule);
        replace(parse, 3, OR_EXPR, top[-3].rule);
    } else if (ends_with(parse, AND_EXPR, T_AND, CHECK) || ends_with(parse, OR_EXPR, T_OR, CHECK)) {
        append(top[-3].rule, top[-1].rule);
        replace(parse, 3, top[-3].token, top[-3].rule);
    } else if (ends_with(parse, CHECK, T_OR, CHECK) || ends_with(parse, AND_EXPR, T_OR, CHECK)) {
        replace(parse, 3, OR_EXPR, join(parse->mem, OR, top[-3].rule, top[-1].rule));
    } else {
        return false;
    }
    return true;
}

static bool reduce(struct parse *parse)
{
    struct word *top = parse->words + parse->n;

    if (ends_with(parse, OPEN, CHECK, CLOSE) || ends_with(parse, OPEN, AND_EXPR, CLOSE) ||
        ends_with(parse, OPEN, OR_EXPR, CLOSE)) {
        replace(parse, 3, CHECK, top[-2].rule);
        return true;
    }
    if (reduce_joined(parse))
        return true;
    if (parse->n >= 2 && top[-2].token == T_NOT && top[-1].token == CHECK) {
        replace(parse, 2, CHECK, join(parse->mem, NOT, top[-1].rule, NULL));
        return true;
    }
    return false;
}

static void shift(struct parse *parse, enum token token, struct ci_rule *rule)
{
    parse->words[parse->n++] = (struct word){token, rule};
    while (!parse->why && reduce(parse))
        continue;
}

static bool is_quoted(const char *text, size_t n)
{
    return n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n - 1] == text[0];
}

/* One stretch between blanks: parentheses around a word or a check. */
static void shift_stretch(struct parse *parse, const char *text, size_t n)
{
    size_t closing = 0;

    for (; n > 0 && text[0] == '(' && !parse->why; text++, n--)
        shift(parse, OPEN, NULL);
    while (n > closing && text[n - closing - 1] == ')')
        closing++;
    if (n == 0)
        return;
    if (n - closing == 3 && strncasecmp(text, "and", 3) == 0)
        shift(parse, T_AND, NULL);
    else if (n - closing == 2 && strncasecmp(text, "or", 2) == 0)
        shift(parse, T_OR, NULL);
    else if (n - closing == 3 && strncasecmp(text, "not", 3) == 0)
        shift(parse, T_NOT, NULL);
    else if (is_quoted(text, n))
        shift(parse, STRING, NULL);
    else if (n > closing)
        shift(parse, CHECK, check_of(parse, ci_strndup(parse->mem, text, n - closing)));
    for (; closing > 0 && !parse->why; closing--)
        shift(parse, CLOSE, NULL);
}

bool ci_rule_compile(struct ci_arena *mem, const char *text, struct ci_rule **ret_rule,
                     const char **ret_why)
{
    static const char blanks[] = " \t\n\r\f\v";
    size_t length = strlen(text);
    struct parse parse = {.mem = mem};

    if (length > CI_RULE_LENGTH_MAX) {
        *ret_why = "it is too long";
        return false;
    }
    if (length == 0) {
        *ret_rule = make(mem, ALWAYS);
        return true;
    }
    parse.words = ci_alloc_array(mem, length + 1, sizeof *parse.words);
    for (text += strspn(text, blanks); *text && !parse.why; text += strspn(text, blanks)) {
        size_t n = strcspn(text, blanks);

        shift_stretch(&parse, text, n);
        text += n;
    }
    if (!parse.why && (parse.n != 1 || !parse.words[0].rule))
        parse.why = "its words do not make a rule";
    *ret_why = parse.why;
    if (!parse.why)
        *ret_rule = parse.words[0].rule;
    return !parse.why;
}

/* One element of the outer list: checks joined by and. NULL for an empty one. */
static struct ci_rule *inner_list(struct parse *parse, const json_t *list)
{
    struct ci_rule *both = make(parse->mem, AND);

    if (json_is_string(list))
        return json_string_length(list) == 0 ? NULL : check_of(parse, json_string_value(list));
    if (!json_is_array(list))
        parse->why = "a list holds something other than checks";
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *check = json_array_get(list, i);

        if (json_is_string(check))
            append(both, check_of(parse, json_string_value(check)));
        else
            parse->why = "a list holds something other than checks";
    }
    return both->first ? both : NULL;
}

bool ci_rule_compile_list(struct ci_arena *mem, const json_t *list, struct ci_rule **ret_rule,
                          const char **ret_why)
{
    struct parse parse = {.mem = mem};
    struct ci_rule *either = make(mem, OR);

    for (size_t i = 0; i < json_array_size(list) && !parse.why; i++) {
        struct ci_rule *inner = inner_list(&parse, json_array_get(list, i));

        if (inner)
            append(either, inner);
    }
    if (!either->first)
        either = make(mem, json_array_size(list) == 0 ? ALWAYS : NEVER);
    *ret_why = parse.why;
    if (!parse.why)
        *ret_rule = either;
    return !parse.why;
}

/* A rule's own nesting is bounded when it is compiled, and references here: so is this recursion.
 */
static bool link_within(struct ci_arena *mem, struct ci_rule *rule, ci_rule_finder *find, void *arg,
                        const char **ret_why)
{
    int deepest = 0;

    if (rule->linked > 0)
        return true;
    if (rule->linked < 0) {
        *ret_why = "it refers back to itself";
        return false;
    }
    rule->linked = -1;
    if (rule->op == RULE) {
        rule->target = find(arg, rule->name);
        if (rule->target) {
            if (!link_within(mem, rule->target, find, arg, ret_why))
                return false;
            deepest = rule->target->linked;
        }
    }
    for (struct ci_rule *child = rule->first; child; child = child->next) {
        if (!link_within(mem, child, find, arg, ret_why))
            return false;
        deepest = child->linked > deepest ? child->linked : deepest;
    }
    rule->linked = deepest + 1;
    if (rule->linked <= 2 * CI_RULE_DEPTH_MAX)
        return true;
    *ret_why = "it is nested too deep with what it refers to";
    return false;
}

bool ci_rule_link(struct ci_arena *mem, struct ci_rule *rule, ci_rule_finder *find, void *arg,
                  const char **ret_why)
{
    return link_within(mem, rule, find, arg, ret_why);
}

bool ci_rule_same(const struct ci_rule *one, const struct ci_rule *other)
{
    const struct ci_rule *a = one->first, *b = other->first;

    if (one->op != other->op || !ci_same(one->name, other->name) ||
        !ci_match_same(&one->match, &other->match))
        return false;
    for (; a && b; a = a->next, b = b->next) {
        if (!ci_rule_same(a, b))
            return false;
    }
    return !a && !b;
}

bool ci_rule_is_reference(const struct ci_rule *rule, const char *name)
{
    return rule->op == RULE && strcmp(rule->name, name) == 0;
}

bool ci_rule_is_never(const struct ci_rule *rule)
{
    return rule->op == NEVER;
}

static bool fills_in(const struct ci_match *match)
{
    for (size_t i = 0; i < match->n; i++) {
        if (!match->pieces[i].text)
            return true;
    }
    return false;
}

bool ci_rule_reads_record(const struct ci_rule *rule)
{
    if (fills_in(&rule->match) || (rule->target && ci_rule_reads_record(rule->target)))
        return true;
    for (const struct ci_rule *part = rule->first; part; part = part->next) {
        if (ci_rule_reads_record(part))
            return true;
    }
    return false;
}

static bool has_role(const struct ci_rule *rule, const struct ci_rule_facts *facts)
{
    const char *const *role = facts->who->roles;

    for (; role && *role; role++) {
        if (ci_match_folded(&rule->match, facts, *role))
            return true;
    }
    return false;
}

static bool has_attribute(const struct ci_rule *rule, const struct ci_rule_facts *facts)
{
    const char *const *values, *value = NULL;

    if (!rule->fact)
        return false;
    if (!rule->fact->is_list)
        return ci_fact_value(rule->fact, facts, &value) && ci_match_is(&rule->match, facts, value);
    for (values = ci_fact_values(rule->fact, facts); values && *values; values++) {
        if (ci_match_is(&rule->match, facts, *values))
            return true;
    }
    return false;
}

bool ci_rule_allows(const struct ci_rule *rule, const struct ci_rule_facts *facts)
{
    switch (rule->op) {
    case NEVER:
        return false;
    case ALWAYS:
        return true;
    case NOT:
        return !ci_rule_allows(rule->first, facts);
    case AND:
        for (const struct ci_rule *child = rule->first; child; child = child->next) {
            if (!ci_rule_allows(child, facts))
                return false;
        }
        return true;
    case OR:
        for (const struct ci_rule *child = rule->first; child; child = child->next) {
            if (ci_rule_allows(child, facts))
                return true;
        }
        return false;
    case RULE:
        return rule->target && ci_rule_allows(rule->target, facts);
    case ROLE:
        return has_role(rule, facts);
    case ATTRIBUTE:
        return has_attribute(rule, facts);
    case LITERAL:
        return ci_match_is(&rule->match, facts, rule->literal);
    }
    return false;
}
