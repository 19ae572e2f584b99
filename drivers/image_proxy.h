/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/task.h"

/*
 * Proxies by which an agent fetches images: image_http_proxy, image_https_proxy and image_no_proxy
 * of driver_info. Fails with InvalidParameterValue where one of them can be none.
 */
ci_must_check bool ci_image_proxies_check(struct ci_task *task);
