/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/v1/resource.h"
#include "objects/port.h"

/* What the files of ports share. */

/*
 * Checks the document's local_link_connection (absent and null are fine) and normalises its
 * switch_id in place. Fails with InvalidParameterValue or InvalidSwitchID.
 */
ci_must_check bool ci_port_link_check(struct ci_request *req, json_t *document);

/*
 * Fails with NotAcceptable when the document's local_link_connection has members that the
 * version has not.
 */
ci_must_check bool ci_port_link_versions(struct ci_request *req, const json_t *document);

/* Is the link (null is fine) one that a smart NIC can have? Fails with Invalid if not. */
ci_must_check bool ci_port_link_smartnic(struct ci_request *req, const json_t *link);
