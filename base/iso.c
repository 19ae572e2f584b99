/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CD images, by libarchive.
 */
#include "base/iso.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <time.h>

enum { FOLDER = 0555, FILE_MODE = 0444 };

/* The first volume descriptor, and where its names are. */
enum { SECTOR = 2048, DESCRIPTOR = 16 * SECTOR };
enum { LABEL = 40, LABEL_SIZE = 32, PUBLISHER = 318, PUBLISHER_SIZE = 128 };

static bool fail(struct ci_ctx *ctx, struct archive *archive)
{
    const char *reason = archive_error_string(archive);

    return ci_fail(ctx, ImageCreationFailed, "ISO", reason ? reason : "unknown error");
}

static la_ssize_t take(struct archive *archive, void *to, const void *bytes, size_t n)
{
    struct ci_text *text = to;

    ci_text_addn(text, bytes, n);
    if (!text->overflow)
        return (la_ssize_t)n;
    archive_set_error(archive, ENOSPC, "it is larger than %zu bytes", text->limit);
    return -1;
}

/* Names as genisoimage -l -J -r has them. */
static bool choose_iso(struct archive *archive, const struct ci_iso *image)
{
    return archive_write_set_format_iso9660(archive) == ARCHIVE_OK &&
           archive_write_set_options(
               archive, "iso9660:iso-level=2,iso9660:joliet=long,iso9660:rockridge=useful") ==
               ARCHIVE_OK &&
           archive_write_set_format_option(archive, "iso9660", "volume-id", image->label) ==
               ARCHIVE_OK &&
           archive_write_set_format_option(archive, "iso9660", "publisher", image->publisher) ==
               ARCHIVE_OK;
}

/* One file without a name of its own, and without a time. */
static bool choose_gzip(struct archive *archive)
{
    return archive_write_set_format_raw(archive) == ARCHIVE_OK &&
           archive_write_add_filter_gzip(archive) == ARCHIVE_OK &&
           archive_write_set_options(archive, "gzip:!timestamp") == ARCHIVE_OK;
}

static bool add(struct ci_ctx *ctx, struct archive *archive, const char *path,
                const struct ci_iso_file *file)
{
    struct archive_entry *entry = archive_entry_new2(archive);
    bool added;

    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, file ? AE_IFREG : AE_IFDIR);
    archive_entry_set_perm(entry, file ? FILE_MODE : FOLDER);
    archive_entry_set_mtime(entry, time(NULL), 0);
    if (file)
        archive_entry_set_size(entry, (la_int64_t)file->length);
    added = archive_write_header(archive, entry) == ARCHIVE_OK &&
            (!file || file->length == 0 ||
             archive_write_data(archive, file->bytes, file->length) == (la_ssize_t)file->length);
    archive_entry_free(entry);
    return added || fail(ctx, archive);
}

/* Do the paths share their first n bytes, a folder's name? */
static bool has_folder(const struct ci_iso *image, size_t before, const char *path, size_t n)
{
    for (size_t i = 0; i < before; i++) {
        if (strncmp(image->files[i].path, path, n + 1) == 0)
            return true;
    }
    return false;
}

/* The folders of a file that none before it has. */
static bool add_folders(struct ci_ctx *ctx, struct archive *archive, const struct ci_iso *image,
                        size_t i)
{
    const char *path = image->files[i].path;

    for (const char *end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
        size_t n = (size_t)(end - path);

        if (!has_folder(image, i, path, n) &&
            !add(ctx, archive, ci_printf(ctx->mem, "%.*s", (int)n, path), NULL))
            return false;
    }
    return true;
}

static bool fill(struct ci_ctx *ctx, struct archive *archive, const struct ci_iso *image)
{
    for (size_t i = 0; i < image->count; i++) {
        if (!add_folders(ctx, archive, image, i) ||
            !add(ctx, archive, image->files[i].path, &image->files[i]))
            return false;
    }
    return true;
}

static bool open_text(struct archive *archive, struct ci_text *to)
{
    return archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
           archive_write_open2(archive, to, NULL, take, NULL, NULL) == ARCHIVE_OK;
}

/* What is begun is not written to its end when it failed. */
static bool end(struct ci_ctx *ctx, struct archive *archive, bool made)
{
    if (made && archive_write_close(archive) != ARCHIVE_OK)
        made = fail(ctx, archive);
    if (!made)
        archive_write_fail(archive);
    archive_write_free(archive);
    return made;
}

static bool write_iso(struct ci_ctx *ctx, const struct ci_iso *image, struct ci_text *to)
{
    struct archive *archive = archive_write_new();
    bool made = choose_iso(archive, image) && open_text(archive, to);

    return end(ctx, archive, made ? fill(ctx, archive, image) : fail(ctx, archive));
}

static void write_field(char *field, size_t size, const char *text)
{
    size_t n = strlen(text) < size ? strlen(text) : size;

    memset(field, ' ', size);
    memcpy(field, text, n);
}

/*
 * ECMA-119 has capital letters, digits and "_" in the names of a volume, and libarchive keeps to
 * that; what looks for "config-2" does not, nor does any tool that makes it.
 */
static bool name_volume(struct ci_ctx *ctx, const struct ci_iso *image, struct ci_text *iso)
{
    char *descriptor = iso->bytes + DESCRIPTOR;

    if (iso->length < DESCRIPTOR + SECTOR || memcmp(descriptor, "\1CD001", 6) != 0)
        return ci_fail(ctx, ImageCreationFailed, "ISO", "it has no volume descriptor");
    write_field(descriptor + LABEL, LABEL_SIZE, image->label);
    write_field(descriptor + PUBLISHER, PUBLISHER_SIZE, image->publisher);
    return true;
}

static bool compress(struct ci_ctx *ctx, const struct ci_text *iso, struct ci_text *to)
{
    const struct ci_iso_file whole = {"image", iso->bytes, iso->length};
    struct archive *archive = archive_write_new();
    bool made = choose_gzip(archive) && open_text(archive, to);

    return end(ctx, archive, made ? add(ctx, archive, whole.path, &whole) : fail(ctx, archive));
}

bool ci_iso_gzip(struct ci_ctx *ctx, const struct ci_iso *image, struct ci_text *to)
{
    struct ci_text iso;
    bool made;

    ci_text_init(&iso, to->limit);
    made = write_iso(ctx, image, &iso) && name_volume(ctx, image, &iso) && compress(ctx, &iso, to);
    ci_text_done(&iso);
    return made;
}
