/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/observe.h"

#include "tests/unit/conductor/life.h"

/* What a machine tells, and how often it was asked. */
static struct machine {
    const char *vendor, *health, *boot_mode;
    bool secure, fails, unsupported;
    int vendor_asked, health_asked;
} machine;

static bool told(struct ci_task *task)
{
    if (machine.unsupported)
        return ci_fail(task->ctx, UnsupportedDriverExtension, "a driver", "an extension");
    return !machine.fails || ci_fail_text(task->ctx, IronicException, "no answer");
}

static bool detect_vendor(struct ci_task *task, const char **ret_vendor)
{
    machine.vendor_asked++;
    *ret_vendor = machine.vendor;
    return told(task);
}

static bool get_node_health(struct ci_task *task, const char **ret_health)
{
    machine.health_asked++;
    *ret_health = machine.health;
    return told(task);
}

static bool get_boot_mode(struct ci_task *task, const char **ret_mode)
{
    *ret_mode = machine.boot_mode;
    return told(task);
}

static bool get_secure_boot(struct ci_task *task, bool *ret_on)
{
    *ret_on = machine.secure;
    return told(task);
}

static const struct ci_management management = {
    .base = {.type = "management", .name = "odd"},
    .get_boot_mode = get_boot_mode,
    .get_secure_boot = get_secure_boot,
    .detect_vendor = detect_vendor,
    .get_node_health = get_node_health,
};

/* Looks at the node's machine once; the node as it is then. */
static struct ci_node *observe(const struct ci_node *node, const struct ci_management *driver)
{
    struct ci_task *task = ci_task_on(bench.conductor, bench.ctx, bench_reload(node), "test");
    struct ci_hardware *hardware = ci_new(bench.ctx->mem, struct ci_hardware);

    ok(ci_task_load_driver(task));
    *hardware = *task->hardware;
    hardware->management = driver;
    task->hardware = hardware;
    ok(ci_observe(task));
    ck_assert_ptr_null(bench.ctx->error);
    ci_task_release(task);
    node = bench_reload(node);
    ck_assert_ptr_null(node->reservation);
    return (struct ci_node *)(uintptr_t)node;
}

#define CHANGES                                                                                    \
    "SELECT COUNT(*) FROM node_history WHERE event_type = 'monitoring' AND severity = 'INFO'"

START_TEST(a_vendor_is_asked_for_until_it_is_known)
{
    struct ci_node *node;

    life_start();
    machine = (struct machine){.fails = true};
    node = observe(bench_node("n", CI_STATE_ACTIVE), &management);
    machine = (struct machine){.vendor = NULL};
    node = observe(node, &management);
    ck_assert_str_eq(node->properties, "{}");
    machine.vendor = "acme";
    node = observe(node, &management);
    ck_assert_str_eq(node->properties, "{\"vendor\": \"acme\"}");
    machine.vendor = "other";
    node = observe(node, &management);
    ck_assert_str_eq(node->properties, "{\"vendor\": \"acme\"}");
    ck_assert_int_eq(machine.vendor_asked, 2);
    bench_stop();
}
END_TEST

START_TEST(changes_of_health_are_kept_with_their_history)
{
    struct ci_node *node;

    life_start();
    machine = (struct machine){.health = CI_HEALTH_OK};
    node = observe(bench_node("n", CI_STATE_ACTIVE), &management);
    ck_assert_str_eq(node->health, "OK");
    node = observe(node, &management);
    ck_assert_int_eq(bench_count(CHANGES), 1);
    machine.health = CI_HEALTH_CRITICAL;
    node = observe(node, &management);
    ck_assert_str_eq(node->health, "Critical");
    ck_assert_ptr_null(node->last_error);
    ck_assert_int_eq(bench_count(CHANGES " AND event = 'Node health status changed: "
                                         "health=''Critical'' (previously ''OK'')'"),
                     1);
    machine.health = "quite well";
    node = observe(node, &management);
    machine = (struct machine){.fails = true};
    node = observe(node, &management);
    machine = (struct machine){.unsupported = true};
    node = observe(node, &management);
    ck_assert_str_eq(node->health, "Critical");
    machine = (struct machine){.health = NULL};
    node = observe(node, &management);
    ck_assert_ptr_null(node->health);
    ck_assert_int_eq(bench_count(CHANGES " AND event LIKE '%health=''None'' (previously "
                                         "''Critical'')'"),
                     1);
    ck_assert_int_eq(bench_count(CHANGES), 3);
    bench_stop();
}
END_TEST

START_TEST(health_is_not_asked_for_where_nobody_wants_or_keeps_it)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.enable_health_monitoring = false;
    bench_begin();
    machine = (struct machine){.health = CI_HEALTH_WARNING};
    node = observe(bench_node("n", CI_STATE_ACTIVE), &management);
    bench.config->conductor.enable_health_monitoring = true;
    bench.config->DEFAULT.pin_release_version = "33.0";
    node = observe(node, &management);
    ck_assert_ptr_null(node->health);
    ck_assert_int_eq(machine.health_asked, 0);
    bench.config->DEFAULT.pin_release_version = NULL;
    ck_assert_str_eq(observe(node, &management)->health, "Warning");
    bench_stop();
}
END_TEST

START_TEST(the_boot_mode_is_kept_unless_the_driver_fails)
{
    struct ci_node *node;

    life_start();
    machine = (struct machine){.boot_mode = "uefi", .secure = true};
    node = observe(bench_node("n", CI_STATE_ACTIVE), &management);
    ck_assert_str_eq(node->boot_mode, "uefi");
    ck_assert_int_eq(node->secure_boot, 1);
    machine = (struct machine){.boot_mode = "bios", .fails = true};
    node = observe(node, &management);
    ck_assert_str_eq(node->boot_mode, "uefi");
    machine = (struct machine){.boot_mode = "bios"};
    node = observe(node, &management);
    ck_assert_str_eq(node->boot_mode, "bios");
    ck_assert_int_eq(node->secure_boot, 0);
    bench_stop();
}
END_TEST

START_TEST(a_locked_node_is_looked_at_another_time)
{
    struct ci_task *task, *other;
    struct ci_hardware *hardware;
    struct ci_node *node;

    life_start();
    machine = (struct machine){.health = CI_HEALTH_OK};
    node = bench_node("n", CI_STATE_ACTIVE);
    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "test", &other));
    task = ci_task_on(bench.conductor, bench.ctx, bench_reload(node), "test");
    ok(ci_task_load_driver(task));
    hardware = ci_new(bench.ctx->mem, struct ci_hardware);
    *hardware = *task->hardware;
    hardware->management = &management;
    task->hardware = hardware;
    refused(NodeLocked, "is locked by host", ci_observe(task));
    ci_task_release(task);
    ci_task_release(other);
    ck_assert_ptr_null(bench_reload(node)->health);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/observe", a_vendor_is_asked_for_until_it_is_known,
          changes_of_health_are_kept_with_their_history,
          health_is_not_asked_for_where_nobody_wants_or_keeps_it,
          the_boot_mode_is_kept_unless_the_driver_fails, a_locked_node_is_looked_at_another_time)
