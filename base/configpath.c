/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where configuration is looked for: oslo.config's search path, for castiron's own files first
 * and for Ironic's when there are none, so that a machine that ran Ironic needs no new file.
 */
#include "base/configpath.h"

#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { FILES_MAX = 1024, FOLDERS = 6 };

/* The list being made. */
struct files {
    struct ci_ctx *ctx;
    const char **paths;
    size_t n;
};

static bool add(struct files *files, const char *path)
{
    if (files->n == FILES_MAX)
        return ci_fail_text(files->ctx, ConfigInvalid, "More than %d configuration files.",
                            FILES_MAX);
    files->paths[files->n++] = ci_strdup(files->ctx->mem, path);
    return true;
}

static bool add_dir(struct files *files, const char *dir)
{
    glob_t found = {0};
    struct stat st;
    bool ok = true;

    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return ci_fail_text(files->ctx, ConfigInvalid,
                            "%s: the configuration directory does not exist.", dir);
    if (glob(ci_printf(files->ctx->mem, "%s/*.conf", dir), 0, NULL, &found) == 0) {
        for (size_t i = 0; ok && i < found.gl_pathc; i++)
            ok = add(files, found.gl_pathv[i]);
    }
    globfree(&found);
    return ok;
}

static const char *home(struct ci_arena *mem)
{
    const char *dir = getenv("HOME");
    char room[4096];
    struct passwd entry, *found = NULL;

    if (dir && *dir)
        return dir;
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        return ci_strdup(mem, found->pw_dir);
    return "/";
}

/* The search path. castiron's own files may also lie with Ironic's. Gives how many there are. */
static size_t search_path(struct ci_arena *mem, const char *name, const char *folders[FOLDERS])
{
    const char *at_home = home(mem);
    bool own = strcmp(name, "castiron") == 0;
    size_t n = 0;

    folders[n++] = ci_printf(mem, "%s/.%s", at_home, name);
    if (own)
        folders[n++] = ci_printf(mem, "%s/.ironic", at_home);
    folders[n++] = at_home;
    folders[n++] = ci_printf(mem, "/etc/%s", name);
    if (own)
        folders[n++] = "/etc/ironic";
    folders[n++] = "/etc";
    return n;
}

/* The first of the folders that has it, or NULL. */
static const char *find(struct ci_arena *mem, const char *name, const char *file)
{
    const char *folders[FOLDERS];
    size_t n = search_path(mem, name, folders);

    for (size_t i = 0; i < n; i++) {
        const char *path = ci_printf(mem, "%s/%s", folders[i], file);

        if (access(path, F_OK) == 0)
            return path;
    }
    return NULL;
}

/* NAME.conf and PROGRAM.conf, or with .conf.d the same of directories. */
static bool add_found(struct files *files, const char *name, const char *program,
                      const char *suffix)
{
    struct ci_arena *mem = files->ctx->mem;
    const char *const stems[] = {name, program};
    bool dirs = strcmp(suffix, ".conf.d") == 0;

    for (size_t i = 0; i < 2; i++) {
        const char *path;

        if (i == 1 && strcmp(stems[0], stems[1]) == 0)
            break;
        path = find(mem, name, ci_printf(mem, "%s%s", stems[i], suffix));
        if (path && !(dirs ? add_dir(files, path) : add(files, path)))
            return false;
    }
    return true;
}

/* castiron or ironic: whose files are looked for. */
static const char *family(struct ci_arena *mem)
{
    return find(mem, "castiron", "castiron.conf") || find(mem, "castiron", "castiron.conf.d")
               ? "castiron"
               : "ironic";
}

/* castiron-api is ironic-api among Ironic's files. */
static const char *program_in(struct ci_arena *mem, const char *name, const char *program)
{
    if (strncmp(program, "castiron", 8) == 0)
        return ci_printf(mem, "%s%s", name, program + 8);
    return program;
}

bool ci_config_path(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                    const char *const **ret_files)
{
    struct files files = {ctx, ci_alloc_array(ctx->mem, FILES_MAX + 1, sizeof(char *)), 0};
    const char *name = family(ctx->mem);
    const char *program = program_in(ctx->mem, name, sources->program ? sources->program : name);
    bool no_files = !sources->files || !*sources->files;
    bool no_dirs = !sources->dirs || !*sources->dirs;

    if (no_files && !add_found(&files, name, program, ".conf"))
        return false;
    if (no_dirs && !add_found(&files, name, program, ".conf.d"))
        return false;
    for (size_t i = 0; !no_files && sources->files[i]; i++) {
        if (!add(&files, sources->files[i]))
            return false;
    }
    for (size_t i = 0; !no_dirs && sources->dirs[i]; i++) {
        if (!add_dir(&files, sources->dirs[i]))
            return false;
    }
    *ret_files = files.paths;
    return true;
}

static size_t length_of(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

/* Also where the process is later in another folder. */
static const char *absolute(struct ci_arena *mem, const char *folder)
{
    char *found = realpath(folder, NULL);
    const char *copy = ci_strdup(mem, found ? found : folder);

    free(found);
    return copy;
}

static const char *folder_of(struct ci_arena *mem, const char *file)
{
    const char *slash = strrchr(file, '/');

    return absolute(mem, slash ? ci_strndup(mem, file, (size_t)(slash - file) + 1) : ".");
}

const char *const *ci_config_folders(struct ci_arena *mem, const struct ci_config_sources *sources)
{
    const struct ci_config_sources none = {0};
    const struct ci_config_sources *named = sources ? sources : &none;
    size_t files = length_of(named->files), dirs = length_of(named->dirs), n = 0;
    const char **folders = ci_alloc_array(mem, files + dirs + FOLDERS + 1, sizeof *folders);

    for (size_t i = 0; i < dirs; i++)
        folders[n++] = absolute(mem, named->dirs[i]);
    for (size_t i = files; i > 0; i--)
        folders[n++] = folder_of(mem, named->files[i - 1]);
    search_path(mem, "castiron", folders + n);
    return folders;
}
