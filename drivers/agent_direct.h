/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/driver.h"

/*
 * What the deploy interface direct does beside what every one that works through the agent does:
 * an image (drivers/image.h) is written to the disk, and the machine is made to boot from it.
 */

/* The deploy step write_image: the agent fetches and writes it; a heartbeat tells the end. */
ci_must_check bool ci_agent_write_image(struct ci_task *task, const json_t *args,
                                        enum ci_outcome *ret_outcome);

/* The deploy step prepare_instance_boot: boot loader, boot device, boot interface. */
ci_must_check bool ci_agent_boot_image(struct ci_task *task, const json_t *args,
                                       enum ci_outcome *ret_outcome);
