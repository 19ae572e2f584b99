/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/httpd.h"

/* The options with a value for each that is 0, within what the process may have. */
struct ci_httpd_options ci_httpd_options_complete(const struct ci_httpd_options *given);
