/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/view.h"
#include "objects/steps.h"

/* What deploy templates and runbooks share: how their steps look and what may be in them. */

/* JSON Schema of steps as text: what all have, and what each has besides. */
#define CI_STEP_MEMBERS                                                                            \
    "\"interface\": {\"enum\": [\"vendor\", \"power\", \"management\", \"firmware\", "             \
    "\"deploy\", \"bios\", \"raid\"]}, "                                                           \
    "\"step\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}, "                     \
    "\"args\": {\"type\": \"object\"}"
#define CI_STEP_NUMBER                                                                             \
    "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", \"pattern\": "   \
    "\"^[0-9]+$\"}]}"
#define CI_DEPLOY_STEP_SCHEMA                                                                      \
    "{\"type\": \"object\", \"required\": [\"interface\", \"step\", \"args\", \"priority\"], "     \
    "\"properties\": {" CI_STEP_MEMBERS ", \"priority\": " CI_STEP_NUMBER "}, "                    \
    "\"additionalProperties\": false}"
#define CI_RUNBOOK_STEP_SCHEMA                                                                     \
    "{\"type\": \"object\", \"required\": [\"interface\", \"step\", \"order\"], "                  \
    "\"properties\": {" CI_STEP_MEMBERS ", \"order\": " CI_STEP_NUMBER "}, "                       \
    "\"additionalProperties\": false}"
#define CI_STEPS_SCHEMA(step) "{\"type\": \"array\", \"minItems\": 1, \"items\": " step "}"

/* Of a view: the fields that are rows of other tables select the number of their owner. */
const char *ci_stepped_sql(const struct ci_request *req, size_t field);

/* Loads the steps and traits of all rows: a view's load_parts(). */
ci_must_check bool ci_stepped_load_parts(const struct ci_view_row *row, const void **ret_parts);

/* Writes `steps`, secrets hidden, and `traits`; false for other fields: a view's write(). */
bool ci_stepped_write(struct ci_text *text, const struct ci_view_row *row, size_t field,
                      const char *value, size_t length);

/*
 * Asks the rules baremetal:step:execute:INTERFACE.STEP that an operator has written, for each of
 * the steps (which may be anything), with the node, or with none (NULL). Fails with NotAuthorized.
 */
ci_must_check bool ci_steps_ask(struct ci_request *req, const json_t *steps,
                                const struct ci_node *node);

/* Fails with InvalidDeployTemplate, of runbooks too, when a step is in the document's steps twice.
 */
ci_must_check bool ci_steps_check_twice(struct ci_request *req, const json_t *document);
