/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Tells systemd: "READY=1", "STATUS=…", several lines in one. Does nothing when nobody asked
 * ($NOTIFY_SOCKET); what cannot be sent is lost, since systemd has time limits of its own.
 */
void ci_notify(const char *state);

/* How often WATCHDOG=1 should be sent, in microseconds: half of $WATCHDOG_USEC; 0 for never. */
int64_t ci_notify_watchdog_us(void);
