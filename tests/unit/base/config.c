/* SPDX-License-Identifier: Apache-2.0 */
#include "base/config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/options.h"
#include "base/text.h"
#include "tests/unit/unit.h"

/* A folder of this test's own, which is also $HOME; thrown away by unit_folder_done(). */
static char folder[64];

static struct ci_ctx *start(void)
{
    snprintf(folder, sizeof folder, "/tmp/castiron-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("HOME", folder, 1);
    return unit_ctx();
}

static void end(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Writes a file below the folder and gives its path. */
static const char *put(struct ci_ctx *ctx, const char *name, const char *text)
{
    const char *path = ci_printf(ctx->mem, "%s/%s", folder, name);
    char *dir = ci_strdup(ctx->mem, path);
    FILE *file;

    for (char *slash = strchr(dir + strlen(folder) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(dir, 0700);
        *slash = '/';
    }
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* Loads one file, or gives NULL with ctx->error set. */
static struct ci_config *load_text(struct ci_ctx *ctx, const char *text,
                                   const char *const *overrides)
{
    const char *const files[] = {put(ctx, "test.conf", text), NULL};
    struct ci_config_sources sources = {"castiron-api", files, NULL, overrides};
    struct ci_config *config;

    return ci_config_load(ctx, &sources, &config) ? config : NULL;
}

START_TEST(defaults_are_those_of_the_table)
{
    struct ci_config *config = ci_config_defaults();

    ck_assert_int_eq(config->api.port, 6385);
    ck_assert_str_eq(config->DEFAULT.auth_strategy, "keystone");
    ck_assert_int_eq(config->conductor.heartbeat_interval, 10);
    ck_assert_str_eq(config->database.connection, "sqlite:////var/lib/ironic/ironic.sqlite");
    ck_assert_str_eq(config->DEFAULT.enabled_hardware_types[1], "redfish");
    ck_assert_ptr_null(config->DEFAULT.enabled_hardware_types[2]);
    ck_assert_ptr_null(config->DEFAULT.enabled_power_interfaces);
    ck_assert_int_eq(config->deploy.erase_devices_priority, CI_UNSET);
    ck_assert_ptr_null(config->DEFAULT.pin_release_version);
    ck_assert_str_eq(config->oslo_policy.policy_dirs[0], "policy.d");
    ck_assert_ptr_null(config->oslo_messaging_notifications.driver[0]);
    ck_assert(config->DEFAULT.raw_image_growth_factor == 2.0);
    ck_assert(*config->DEFAULT.host && *config->DEFAULT.my_ip && *config->DEFAULT.tempdir);
    ci_config_free(config);
}
END_TEST

START_TEST(every_kind_is_read)
{
    struct ci_ctx *ctx = start();
    struct ci_config *config =
        load_text(ctx,
                  "[DEFAULT]\nhost = me\ndebug = Yes\nenabled_hardware_types = a, b ,,c,\n"
                  "raw_image_growth_factor=1.5\npin_release_version=21.4\n"
                  "[api]\nport= 80 \nunix_socket_mode = 0660\nhost_ip = ::1\n"
                  "[conductor]\ndeploy_kernel_by_arch = x86_64: file:///a , aarch64:b\n"
                  "[deploy]\nhttp_url=http://[fd00::1]:8080/x\nerase_devices_priority=0\n"
                  "[oslo_policy]\npolicy_dirs=one\npolicy_dirs=two\n",
                  NULL);

    ck_assert_msg(config != NULL, "%s", ctx->error ? ctx->error->message : "");
    ck_assert_str_eq(config->DEFAULT.host, "me");
    ck_assert(config->DEFAULT.debug);
    ck_assert_str_eq(config->DEFAULT.enabled_hardware_types[1], "b");
    ck_assert_str_eq(config->DEFAULT.enabled_hardware_types[2], "");
    ck_assert_str_eq(config->DEFAULT.enabled_hardware_types[3], "c");
    ck_assert_ptr_null(config->DEFAULT.enabled_hardware_types[4]);
    ck_assert(config->DEFAULT.raw_image_growth_factor == 1.5);
    ck_assert_str_eq(config->DEFAULT.pin_release_version, "21.4");
    ck_assert_int_eq(config->api.port, 80);
    ck_assert_int_eq(config->api.unix_socket_mode, 0660);
    ck_assert_str_eq(config->api.host_ip, "::1");
    ck_assert_str_eq(config->conductor.deploy_kernel_by_arch[0], "x86_64");
    ck_assert_str_eq(config->conductor.deploy_kernel_by_arch[1], "file:///a");
    ck_assert_str_eq(config->conductor.deploy_kernel_by_arch[3], "b");
    ck_assert_str_eq(config->deploy.http_url, "http://[fd00::1]:8080/x");
    ck_assert_int_eq(config->deploy.erase_devices_priority, 0);
    ck_assert_str_eq(config->oslo_policy.policy_dirs[0], "one");
    ck_assert_str_eq(config->oslo_policy.policy_dirs[1], "two");
    ck_assert_ptr_null(config->oslo_policy.policy_dirs[2]);
    ci_config_free(config);
    end();
}
END_TEST

START_TEST(a_bad_value_names_file_line_option_and_range)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[conductor]\n\nworkers_pool_size=2",
         ":3: [conductor]workers_pool_size: '2' is not valid, expected is an integer, at least 3."},
        {"[api]\nport=65536",
         ":2: [api]port: '65536' is not valid, expected is an integer from 0 to "
         "65535."},
        {"[api]\nport=80a", ":2: [api]port: '80a' is not valid, expected is an integer from 0 to "
                            "65535."},
        {"[DEFAULT]\ndebug=maybe",
         ":2: [DEFAULT]debug: 'maybe' is not valid, expected is true or false."},
        {"[DEFAULT]\nauth_strategy=none",
         ":2: [DEFAULT]auth_strategy: 'none' is not valid, expected "
         "is one of noauth, keystone, http_basic."},
        {"[api]\nhost_ip=a b",
         ":2: [api]host_ip: 'a b' is not valid, expected is a host name or an IP "
         "address."},
        {"[deploy]\nhttp_url=x", ":2: [deploy]http_url: 'x' is not valid, expected is a URL with "
                                 "scheme and host."},
        {"[conductor]\ndeploy_kernel_by_arch=x", ":2: [conductor]deploy_kernel_by_arch: 'x' is not "
                                                 "valid, expected is key:value pairs separated by "
                                                 "commas."},
        {"[DEFAULT]\nmy_ip=$nothing",
         ":2: [DEFAULT]my_ip: $nothing names no option (write $$ for a $)."},
        {"[DEFAULT]\nmy_ip=$my_ip", ":2: [DEFAULT]my_ip: its references go round in a circle."},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = start();

        ck_assert_ptr_null(load_text(ctx, cases[i].text, NULL));
        ck_assert_int_eq(ctx->error->class, CI_ERR_ConfigInvalid);
        ck_assert_str_eq(ctx->error->message,
                         ci_printf(ctx->mem, "%s/test.conf%s", folder, cases[i].message));
        end();
    }
}
END_TEST

START_TEST(references_are_replaced)
{
    struct ci_ctx *ctx = start();
    struct ci_config *config = load_text(
        ctx,
        "[DEFAULT]\nhost=h\nmy_ip=1.2.3.4\ndebug=true\n"
        "[api]\nport=99\npublic_endpoint=http://${my_ip}:$port/$api.port/$host/$$x\\$"
        "\n[DEFAULT]\ntempdir=$debug-$conductor.heartbeat_interval-$ldlinux_c32-$-100%-${\n",
        NULL);

    ck_assert_msg(config != NULL, "%s", ctx->error ? ctx->error->message : "");
    ck_assert_str_eq(config->api.public_endpoint, "http://1.2.3.4:99/99/h/$x$");
    ck_assert_str_eq(config->DEFAULT.tempdir, "True-10--$-100%-${");
    ci_config_free(config);
    end();
}
END_TEST

/* S20 */
START_TEST(old_names_work_and_the_new_one_is_stronger)
{
    struct ci_ctx *ctx = start();
    struct ci_config *config = load_text(
        ctx,
        "[DEFAULT]\nlogdir=/old\nsql_connection=sqlite:///a\n[database]\nconnection=sqlite:///b\n",
        NULL);

    ck_assert_str_eq(config->DEFAULT.log_dir, "/old");
    ck_assert_str_eq(config->database.connection, "sqlite:///b");
    ci_config_free(config);
    config =
        load_text(ctx, "[database]\nconnection=sqlite:///b\nsql_connection=sqlite:///a\n", NULL);
    ck_assert_str_eq(config->database.connection, "sqlite:///b");
    ci_config_free(config);
    end();
}
END_TEST

START_TEST(later_sources_win)
{
    struct ci_ctx *ctx = start();
    const char *const files[] = {put(ctx, "1.conf",
                                     "[api]\nport=1\nmax_limit=1\nworkers=1\n"
                                     "[DEFAULT]\nhost=first\nmy_ip=first\n"),
                                 put(ctx, "2.conf",
                                     "[api]\nport=2\nmax_limit=2\nworkers=2\n"
                                     "[DEFAULT]\nhost=second\n"),
                                 NULL};
    const char *const dirs[] = {ci_printf(ctx->mem, "%s/d", folder), NULL};
    const char *const overrides[] = {"api.workers=5", NULL};
    struct ci_config_sources sources = {"castiron-api", files, dirs, overrides};
    struct ci_config *config;

    put(ctx, "d/b.conf", "[api]\nport=4\n");
    put(ctx, "d/a.conf", "[api]\nport=3\nmax_limit=3\nworkers=3\n");
    put(ctx, "d/c.txt", "[api]\nport=9\n");
    setenv("OS_API__MAX_LIMIT", "44", 1);
    setenv("OS_API__WORKERS", "4", 1);
    ck_assert(ci_config_load(ctx, &sources, &config));
    ck_assert_int_eq(config->api.port, 4);
    ck_assert_int_eq(config->api.max_limit, 44);
    ck_assert_int_eq(config->api.workers, 5);
    ck_assert_str_eq(config->DEFAULT.host, "second");
    ck_assert_str_eq(config->DEFAULT.my_ip, "first");
    ci_config_free(config);
    setenv("OS_API__MAX_LIMIT", "many", 1);
    ck_assert(!ci_config_load(ctx, &sources, &config));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "environment OS_API__MAX_LIMIT: "));
    end();
}
END_TEST

START_TEST(missing_files_and_folders_stop_the_start)
{
    struct ci_ctx *ctx = start();
    const char *const none[] = {"/nonexistent/x", NULL};
    const char *const wrong[] = {"api.nothing=1", NULL};
    struct ci_config_sources file = {"castiron", none, NULL, NULL};
    struct ci_config_sources dir = {"castiron", NULL, none, NULL};
    struct ci_config_sources override = {"castiron", NULL, NULL, wrong};
    struct ci_config *config;

    ck_assert(!ci_config_load(ctx, &file, &config));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "/nonexistent/x"));
    ci_error_clear(ctx);
    ck_assert(!ci_config_load(ctx, &dir, &config));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "/nonexistent/x"));
    ci_error_clear(ctx);
    ck_assert(!ci_config_load(ctx, &override, &config));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "api.nothing"));
    end();
}
END_TEST

/* The [DEFAULT]host that is found on the search path. */
static const char *found_host(struct ci_ctx *ctx, const char *program)
{
    struct ci_config_sources sources = {program, NULL, NULL, NULL};
    struct ci_config *config;
    const char *host;

    ck_assert(ci_config_load(ctx, &sources, &config));
    host = ci_strdup(ctx->mem, config->DEFAULT.host);
    ci_config_free(config);
    return host;
}

START_TEST(castirons_files_are_found_before_ironics)
{
    struct ci_ctx *ctx = start();

    put(ctx, "ironic.conf", "[DEFAULT]\nhost=ironic\n");
    ck_assert_str_eq(found_host(ctx, "castiron-api"), "ironic");
    put(ctx, ".ironic/ironic.conf", "[DEFAULT]\nhost=.ironic\n");
    ck_assert_str_eq(found_host(ctx, "castiron-api"), ".ironic");
    put(ctx, ".ironic/ironic-api.conf", "[DEFAULT]\nhost=ironic-api\n");
    ck_assert_str_eq(found_host(ctx, "castiron-api"), "ironic-api");
    ck_assert_str_eq(found_host(ctx, "castiron-conductor"), ".ironic");
    put(ctx, ".ironic/ironic.conf.d/x.conf", "[DEFAULT]\nhost=ironic.d\n");
    ck_assert_str_eq(found_host(ctx, "castiron-api"), "ironic.d");
    put(ctx, ".ironic/castiron.conf", "[DEFAULT]\nhost=castiron\n");
    ck_assert_str_eq(found_host(ctx, "castiron-api"), "castiron");
    put(ctx, ".castiron/castiron.conf", "[DEFAULT]\nhost=.castiron\n");
    ck_assert_str_eq(found_host(ctx, "castiron-api"), ".castiron");
    end();
}
END_TEST

START_TEST(reloading_changes_only_what_is_mutable)
{
    struct ci_ctx *ctx = start();
    const char *const files[] = {
        put(ctx, "test.conf",
            "[api]\nport=1\nmax_limit=1\n[DEFAULT]\nenabled_hardware_types=a,b\n"),
        NULL};
    struct ci_config_sources sources = {"castiron", files, NULL, NULL};
    struct ci_config *old, *new;

    ck_assert(ci_config_load(ctx, &sources, &old));
    put(ctx, "test.conf",
        "[api]\nport=2\nmax_limit=2\n[DEFAULT]\nenabled_hardware_types=c\n"
        "pin_release_version=21.4\n");
    ck_assert(ci_config_reload(ctx, &sources, old, &new));
    ck_assert_int_eq(new->api.port, 1);
    ck_assert_int_eq(new->api.max_limit, 2);
    ck_assert_str_eq(new->DEFAULT.enabled_hardware_types[0], "a");
    ck_assert_str_eq(new->DEFAULT.pin_release_version, "21.4");
    ck_assert_int_eq(old->api.max_limit, 1);
    ci_config_free(old);
    ck_assert_str_eq(new->DEFAULT.enabled_hardware_types[1], "b");
    put(ctx, "test.conf", "[api]\nmax_limit=x\n");
    ck_assert(!ci_config_reload(ctx, &sources, new, &old));
    ci_config_free(new);
    end();
}
END_TEST

/* What the report writes into the log. */
static const char *report_of(struct ci_ctx *ctx, const struct ci_config *config)
{
    char *line = ci_alloc(ctx->mem, 8192);
    int ends[2], saved = dup(STDERR_FILENO);
    ssize_t n;

    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    ci_config_report(NULL, config);
    dup2(saved, STDERR_FILENO);
    close(ends[1]);
    n = read(ends[0], line, 8191);
    ck_assert_int_ge(n, 0);
    line[n] = '\0';
    return line;
}

START_TEST(notes_come_into_the_log)
{
    struct ci_ctx *ctx = start();
    struct ci_config *config;
    const char *line;

    config = load_text(ctx, "[DEFAULT]\nlogfile=/x\nnovelty=1\n[strange]\nx=1\n", NULL);
    line = report_of(ctx, config);
    ck_assert_ptr_nonnull(strstr(line, "WARNING"));
    ck_assert_ptr_nonnull(strstr(line, "[DEFAULT]logfile is deprecated, use [DEFAULT]log_file"));
    ck_assert_ptr_null(strstr(line, "novelty"));
    ci_config_free(config);
    end();
}
END_TEST

#define TLS "[agent]require_tls is not set: it is true, and was false in release 21.4"

START_TEST(options_that_had_another_default_are_told)
{
    static const struct {
        const char *section, *name, *was;
    } rows[] = {
#define FORMER(release, section, name, was, change) {#section, #name, was},
#include "base/former.def"
#undef FORMER
    };
    struct ci_ctx *ctx = start();
    struct ci_config *config = load_text(ctx, "", NULL);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ci_option *option = ci_option_find(rows[i].section, rows[i].name);

        ck_assert_msg(option != NULL, "%s is no option", rows[i].name);
        ck_assert_str_ne(option->fallback, rows[i].was);
        ck_assert_ptr_nonnull(strstr(ci_config_former(config)[i], rows[i].name));
    }
    ck_assert_ptr_null(ci_config_former(config)[sizeof rows / sizeof rows[0]]);
    ck_assert_ptr_null(strstr(report_of(ctx, config), TLS));
    ci_config_free(config);
    config = load_text(ctx, "[DEFAULT]\npin_release_version=21.4\n", NULL);
    ck_assert_ptr_nonnull(strstr(report_of(ctx, config), TLS));
    ci_config_free(config);
    config =
        load_text(ctx, "[DEFAULT]\npin_release_version=21.4\n[agent]\nrequire_tls=true\n", NULL);
    ck_assert_ptr_null(strstr(report_of(ctx, config), TLS));
    ci_config_free(config);
    end();
}
END_TEST

START_TEST(a_secret_is_not_shown)
{
    struct ci_ctx *ctx = start();

    ck_assert_ptr_null(load_text(ctx, "[DEFAULT]\ntransport_url=rabbit://u:hush$x@h\n", NULL));
    ck_assert_ptr_null(strstr(ctx->error->message, "hush"));
    end();
}
END_TEST

START_TEST(empty_text_and_numbers_count_as_unset)
{
    struct ci_ctx *ctx = start();
    struct ci_config *config = load_text(ctx,
                                         "[api]\npublic_endpoint=\nport=\n[database]\npool_timeout="
                                         "\n[conductor]\nconductor_group=\n",
                                         NULL);

    ck_assert_ptr_nonnull(config);
    ck_assert_ptr_null(config->api.public_endpoint);
    ck_assert_int_eq(config->api.port, 6385);
    ck_assert_int_eq(config->database.pool_timeout, CI_UNSET);
    ck_assert_str_eq(config->conductor.conductor_group, "");
    ci_config_free(config);
    end();
}
END_TEST

START_TEST(rows_are_sorted_and_unique_and_aliases_name_rows)
{
    size_t n;
    const struct ci_option *options = ci_options(&n);
    const struct ci_option_alias *aliases;

    for (size_t i = 1; i < n; i++) {
        if (strcmp(options[i - 1].section, options[i].section) == 0)
            ck_assert_msg(strcmp(options[i - 1].name, options[i].name) < 0, "%s", options[i].name);
    }
    aliases = ci_option_aliases(&n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(ci_option_find(aliases[i].section, aliases[i].name) != NULL, "%s",
                      aliases[i].name);
        ck_assert_ptr_null(ci_option_find(aliases[i].old_section, aliases[i].old_name));
    }
}
END_TEST

START_TEST(files_that_options_name_are_looked_for_beside_the_configuration)
{
    struct ci_ctx *ctx = start();
    const char *const files[] = {put(ctx, "one/a.conf", ""), put(ctx, "two/b.conf", ""), NULL};
    const char *const dirs[] = {ci_printf(ctx->mem, "%s/dir", folder), NULL};
    struct ci_config_sources sources = {"castiron-api", files, dirs, NULL};
    struct ci_config *config;

    put(ctx, "dir/c.conf", "");
    put(ctx, "dir/in-dir", "");
    put(ctx, "one/in-dir", "");
    put(ctx, "one/in-both", "");
    put(ctx, "two/in-both", "");
    put(ctx, ".ironic/at-home", "");
    ck_assert(ci_config_load(ctx, &sources, &config));
    ck_assert_str_eq(ci_config_find_file(ctx->mem, config, "in-dir"),
                     ci_printf(ctx->mem, "%s/dir/in-dir", folder));
    ck_assert_str_eq(ci_config_find_file(ctx->mem, config, "in-both"),
                     ci_printf(ctx->mem, "%s/two/in-both", folder));
    ck_assert_str_eq(ci_config_find_file(ctx->mem, config, "at-home"),
                     ci_printf(ctx->mem, "%s/.ironic/at-home", folder));
    ck_assert_str_eq(ci_config_find_file(ctx->mem, config, files[0]), files[0]);
    ck_assert_ptr_null(ci_config_find_file(ctx->mem, config, "nowhere"));
    ck_assert_ptr_null(ci_config_find_file(ctx->mem, config, "/nowhere/at/all"));
    ci_config_free(config);
    end();
}
END_TEST

UNIT_MAIN("base/config", files_that_options_name_are_looked_for_beside_the_configuration,
          defaults_are_those_of_the_table, every_kind_is_read,
          a_bad_value_names_file_line_option_and_range, references_are_replaced,
          old_names_work_and_the_new_one_is_stronger, later_sources_win,
          missing_files_and_folders_stop_the_start, castirons_files_are_found_before_ironics,
          reloading_changes_only_what_is_mutable, notes_come_into_the_log,
          options_that_had_another_default_are_told, a_secret_is_not_shown,
          empty_text_and_numbers_count_as_unset, rows_are_sorted_and_unique_and_aliases_name_rows)
