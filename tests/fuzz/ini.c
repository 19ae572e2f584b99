/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files: any bytes are read or refused with the file and the line; the entries
 * of a file that is taken are whole texts, and lead to a configuration or to an error.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/config.h"
#include "base/ini.h"
#include "base/utf8.h"

/* The whole way, references and kinds included, from a file that is in memory only. */
static void load(struct ci_ctx *ctx, const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    const char *const files[] = {ci_printf(ctx->mem, "/proc/self/fd/%d", fd), NULL};
    const char *const dirs[] = {"/proc/self/fdinfo", NULL}; /* has no *.conf */
    struct ci_config_sources sources = {"fuzz", files, dirs, NULL};
    struct ci_config *config;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    if (ci_config_load(ctx, &sources, &config))
        ci_config_free(config);
    else if (!ctx->error)
        abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_ini ini = {0};
    int line = 0;

    if (!ci_ini_parse(&ctx, "f", (const char *)data, size, &ini)) {
        if (!ctx.error || strncmp(ctx.error->message, "f:", 2) != 0)
            abort();
        ini.first = NULL;
    }
    for (const struct ci_ini_entry *entry = ini.first; entry; entry = entry->next) {
        if (entry->line <= line || !*entry->name || !*entry->section)
            abort();
        if (!ci_utf8_is_text(entry->value, strlen(entry->value)))
            abort();
        line = entry->line;
    }
    if (ini.first)
        load(&ctx, data, size);
    ci_arena_free(ctx.mem);
    return 0;
}
