/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/task.h"

/*
 * Is there an image at the URL, which is http or https? Asked by HEAD, as [DEFAULT]webserver_… and
 * [deploy]image_server_… say; redirects are followed, credentials stay with the first server.
 * *ret_target is where it is in the end. Fails with ImageRefValidationFailed.
 */
ci_must_check bool ci_image_url_check(struct ci_task *task, const char *url,
                                      const char **ret_target);
