/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * What the service has done so far, in Prometheus' text at /metrics, where [api]enable_metrics:
 * to whoever asks, without authentication. */

/* Counts an answer: its route, its status, and how long it took; `req` NULL: nobody has looked. */
void ci_api_count(const struct ci_request *req, int status, int64_t took_ns);

/* Answers GET /metrics. True when the request was that and is answered. */
bool ci_metrics_answer(struct ci_request *req);
