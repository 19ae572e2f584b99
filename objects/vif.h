/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The VIF that a port or port group of an old version has attached: where extra has
 * vif_port_id and *internal_info (both JSON text, NULL for {}) has no tenant_vif_port_id, gives
 * internal_info with it; otherwise leaves the pointer as it is. Fails with Invalid when a text
 * is not JSON.
 */
ci_must_check bool ci_vif_move(struct ci_ctx *ctx, const char *extra, const char **internal_info);
