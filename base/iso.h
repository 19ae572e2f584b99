/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "base/text.h"

/*
 * CD images: an ISO 9660 file system with the names of Rock Ridge and Joliet, compressed by gzip.
 *
 * Made in this process by libarchive, which keeps the contents in a nameless temporary file
 * (TMPDIR) meanwhile. Files belong to root and may be read by everybody.
 */
struct ci_iso_file {
    const char *path; /* "openstack/latest/meta_data.json": ASCII, its folders are made */
    const char *bytes;
    size_t length;
};

struct ci_iso {
    const char *label;     /* at most 16 characters, so that Joliet has it whole */
    const char *publisher; /* in the volume's description */
    const struct ci_iso_file *files;
    size_t count;
};

/* Appends the compressed image. Fails with ImageCreationFailed, also when it, or what is in it, is
 * larger than the limit of `to`. */
ci_must_check bool ci_iso_gzip(struct ci_ctx *ctx, const struct ci_iso *image, struct ci_text *to);
