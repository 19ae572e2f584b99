/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * /healthcheck, or [healthcheck]path, when [healthcheck]enabled: 200, or 503 when a file of
 * [healthcheck] disable_by_file_path(s) is there or the service is leaving. The forms (text, HTML,
 * JSON; HEAD gives 204) are oslo.middleware's. True when the request was one of these and is
 * answered.
 */
bool ci_health_answer(struct ci_request *req);

/* OPTIONS is answered 200 and empty on every path but "/", as Ironic's CORS layer does. */
bool ci_options_answer(struct ci_request *req);

/* From now on /healthcheck says 503: the service is leaving. */
void ci_health_leave(void);
