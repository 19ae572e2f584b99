/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"

/*
 * Why a node is where it is (the command `castiron explain`): what it waits for and since when,
 * who holds it, which timeout will fire and which verbs can be asked for.
 *
 * Everything comes from the database and the configuration; no conductor is asked, so that it
 * works when none answers. Nothing of driver_info or instance_info is shown.
 */

/*
 * The facts, as the JSON form of the command has them; absent facts are null.
 *
 *     uuid, name, driver, conductor_group
 *     provision_state, target_provision_state, since, seconds   (since: provision_updated_at)
 *     meaning        one sentence on the state
 *     power_state, target_power_state
 *     maintenance    {reason, fault}
 *     held_by        {conductor, alive, last_heartbeat}         (who has it locked)
 *     served_by      {conductor} or {problem}                   (who the hash ring names)
 *     step           {kind, interface, step, number, of}
 *     agent          {url, version, last_heartbeat}
 *     timeout        {option, seconds, at, to}
 *     verbs          [{verb, to, since_version, refused}]       (refused: why it would be)
 *     last_error
 *     history        the newest entries, [{at, severity, event, state}]
 *
 * Fails with NodeNotFound. The answer belongs to the context's arena.
 */
ci_must_check bool ci_explain_node(struct ci_ctx *ctx, const char *ident, json_t **ret_facts);

/* The facts in plain words, a line each, for a terminal: control characters are \\n, \\x1b. */
void ci_explain_words(struct ci_text *text, const json_t *facts);
