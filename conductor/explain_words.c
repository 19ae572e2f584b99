/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a node, in words.
 */
#include <inttypes.h>

#include "base/logline.h"
#include "conductor/explain.h"

/* Of one fact. */
enum { FACT_MAX = 1 << 20 };

static json_t *printable_text(const char *from)
{
    struct ci_text clean;
    json_t *made;

    ci_text_init(&clean, FACT_MAX);
    ci_log_clean(&clean, from);
    made = json_string(clean.bytes);
    ci_text_done(&clean);
    return made;
}

/*
 * A copy without control characters: agents and drivers wrote some of the texts, and a terminal
 * would do what they say. Facts are nested three deep.
 */
static json_t *printable(json_t *fact)
{
    json_t *made, *one;
    const char *key;
    size_t i;

    if (json_is_string(fact))
        return printable_text(json_string_value(fact));
    if (json_is_object(fact)) {
        made = json_object();
        json_object_foreach(fact, key, one) json_object_set_new(made, key, printable(one));
        return made;
    }
    if (!json_is_array(fact))
        return json_incref(fact);
    made = json_array();
    json_array_foreach(fact, i, one) json_array_append_new(made, printable(one));
    return made;
}

/* A fact's text, or `absent`. */
static const char *word(const json_t *facts, const char *key, const char *absent)
{
    const char *value = json_string_value(json_object_get(facts, key));

    return value ? value : absent;
}

/* "3 d 4 h", "4 h 10 min", "10 min", "59 s" */
static void say_duration(struct ci_text *text, int64_t s)
{
    if (s >= 86400)
        ci_text_printf(text, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        ci_text_printf(text, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        ci_text_printf(text, "%" PRId64 " min", s / 60);
    else
        ci_text_printf(text, "%" PRId64 " s", s < 0 ? 0 : s);
}

static void say_state(struct ci_text *text, const json_t *facts)
{
    const char *target = word(facts, "target_provision_state", NULL);
    const json_t *seconds = json_object_get(facts, "seconds");

    ci_text_printf(text, "Node %s%s%s%s, driver %s\n", word(facts, "name", ""),
                   word(facts, "name", NULL) ? " (" : "", word(facts, "uuid", ""),
                   word(facts, "name", NULL) ? ")" : "", word(facts, "driver", ""));
    ci_text_printf(text, "State: \"%s\"", word(facts, "provision_state", "none"));
    if (target)
        ci_text_printf(text, " on the way to \"%s\"", target);
    if (json_is_integer(seconds)) {
        ci_text_printf(text, ", since %s (", word(facts, "since", ""));
        say_duration(text, json_integer_value(seconds));
        ci_text_add(text, ")");
    }
    ci_text_printf(text, ". %s\n", word(facts, "meaning", "Ironic knows no such state."));
}

static void say_power(struct ci_text *text, const json_t *facts)
{
    const char *target = word(facts, "target_power_state", NULL);
    const json_t *maintenance = json_object_get(facts, "maintenance");

    ci_text_printf(text, "Power: %s", word(facts, "power_state", "not known"));
    if (target)
        ci_text_printf(text, ", being changed to %s", target);
    ci_text_add(text, ".\n");
    if (!json_is_object(maintenance))
        return;
    ci_text_printf(text, "Maintenance: %s", word(maintenance, "reason", "no reason is given"));
    if (word(maintenance, "fault", NULL))
        ci_text_printf(text, " (set by the service for a %s)", word(maintenance, "fault", ""));
    ci_text_add(text, ". Conductors leave it alone.\n");
}

static void say_step(struct ci_text *text, const json_t *facts)
{
    const json_t *step = json_object_get(facts, "step");
    const json_t *number = json_object_get(step, "number"), *of = json_object_get(step, "of");

    if (!json_is_object(step))
        return;
    ci_text_printf(text, "Step: %s.%s", word(step, "interface", "?"), word(step, "step", "?"));
    if (json_is_integer(number) && json_is_integer(of))
        ci_text_printf(text, ", number %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT,
                       json_integer_value(number), json_integer_value(of));
    ci_text_printf(text, " (%s step).\n", word(step, "kind", ""));
}

static void say_conductors(struct ci_text *text, const json_t *facts)
{
    const json_t *holder = json_object_get(facts, "held_by");
    const json_t *server = json_object_get(facts, "served_by");

    if (!json_is_object(holder))
        ci_text_add(text, "Lock: nobody holds it.\n");
    else
        ci_text_printf(text, "Lock: conductor %s holds it, which %s; its last heartbeat: %s.\n",
                       word(holder, "conductor", ""),
                       json_is_true(json_object_get(holder, "alive"))
                           ? "is alive"
                           : "is not alive (another one frees the node when it takes over)",
                       word(holder, "last_heartbeat", "none"));
    if (word(server, "conductor", NULL))
        ci_text_printf(text, "Conductor: %s answers for it.\n", word(server, "conductor", ""));
    else
        ci_text_printf(text, "Conductor: none answers for it. %s\n", word(server, "problem", ""));
}

static void say_waiting(struct ci_text *text, const json_t *facts)
{
    const json_t *agent = json_object_get(facts, "agent");
    const json_t *timeout = json_object_get(facts, "timeout");

    if (json_is_object(agent))
        ci_text_printf(text, "Agent: at %s, version %s, last heartbeat: %s.\n",
                       word(agent, "url", "an unknown address"), word(agent, "version", "unknown"),
                       word(agent, "last_heartbeat", "none"));
    if (json_is_object(timeout))
        ci_text_printf(text,
                       "Timeout: [conductor]%s (%" JSON_INTEGER_FORMAT
                       " s) moves it to \"%s\" at %s unless something comes before.\n",
                       word(timeout, "option", ""),
                       json_integer_value(json_object_get(timeout, "seconds")),
                       word(timeout, "to", ""), word(timeout, "at", ""));
    else
        ci_text_add(text, "Timeout: none will fire.\n");
}

static void say_verbs(struct ci_text *text, const json_t *facts)
{
    const json_t *list = json_object_get(facts, "verbs"), *verb;
    size_t i;

    if (json_array_size(list) == 0) {
        ci_text_add(text, "Verbs: none can be asked for in this state.\n");
        return;
    }
    ci_text_add(text, "Verbs:\n");
    json_array_foreach(list, i, verb)
    {
        const char *refused = word(verb, "refused", NULL);

        ci_text_printf(text, "  %-9s leads to \"%s\"", word(verb, "verb", ""),
                       word(verb, "to", ""));
        if (refused)
            ci_text_printf(text, ", but is refused now: %s", refused);
        ci_text_add(text, "\n");
    }
}

static void say_history(struct ci_text *text, const json_t *facts)
{
    const json_t *list = json_object_get(facts, "history"), *entry;
    const char *last_error = word(facts, "last_error", NULL);
    size_t i;

    if (last_error)
        ci_text_printf(text, "Last error: %s\n", last_error);
    if (json_array_size(list) > 0)
        ci_text_add(text, "History, newest first:\n");
    json_array_foreach(list, i, entry)
    {
        ci_text_printf(text, "  %s  %s  %s\n", word(entry, "at", ""), word(entry, "severity", ""),
                       word(entry, "event", ""));
    }
}

void ci_explain_words(struct ci_text *text, const json_t *facts)
{
    json_t *clean = printable((json_t *)(uintptr_t)facts);

    say_state(text, clean);
    say_power(text, clean);
    say_step(text, clean);
    say_conductors(text, clean);
    say_waiting(text, clean);
    say_verbs(text, clean);
    say_history(text, clean);
    json_decref(clean);
}
