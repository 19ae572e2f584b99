/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

static const struct exchange exchanges[] = {
    {"GET", "/v1/nodes/n1/states", NULL, 5, 200, "\"provision_state\": \"available\"", NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"power on\"}", 5, 202, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"soft rebooting\"}", 26, 406, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"soft rebooting\"}", 27, 202, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"power on\", \"timeout\": 5}", 26, 406,
     NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"power on\", \"timeout\": 0}", 27, 400,
     "timeout", NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"sideways\"}", 27, 400, "sideways", NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{}", 27, 400, "target", NULL},
    {"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"power on\", \"more\": 1}", 27, 400, "more",
     NULL},
    {"PUT", "/v1/nodes/states/power?node_ident=n1", "{\"target\": \"power off\"}", 27, 202, NULL,
     NULL},
    {"PUT", "/v1/nodes/nobody/states/power", "{\"target\": \"power on\"}", 27, 404, "nobody", NULL},
    {"PUT", "/v1/nodes/n1/states/boot_mode", "{\"target\": \"uefi\"}", 75, 404, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/boot_mode", "{\"target\": \"uefi\"}", 76, 202, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/boot_mode", "{\"target\": \"sideways\"}", 76, 400, "sideways",
     NULL},
    {"PUT", "/v1/nodes/n1/states/secure_boot", "{\"target\": \"perhaps\"}", 76, 400, "perhaps",
     NULL},
    {"PUT", "/v1/nodes/n1/states/provision", "{\"target\": \"fly\"}", 115, 400, "fly", NULL},
    {"PUT", "/v1/nodes/" N1 "/states/provision", "{\"target\": \"manage\"}", 3, 406, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/provision", "{\"target\": \"rescue\"}", 38, 400, NULL, NULL},
    {"PUT", "/v1/nodes/n2/states/provision", "{\"target\": \"rescue\", \"rescue_password\": \"\"}",
     38, 400, "rescue_password", NULL},
    {"PUT", "/v1/nodes/n2/states/provision", "{\"target\": \"clean\", \"clean_steps\": []}", 15,
     400, NULL, NULL},
    {"PUT", "/v1/nodes/n1/maintenance", "{\"reason\": \"because\"}", 5, 202, NULL, NULL},
    {"PUT", "/v1/nodes/n1/states/raid", "[]", 12, 400, NULL, NULL},
};

SERVICE_TEST(states_are_changed_as_their_versions_allow, NULL)

static const struct {
    struct exchange exchange;
    const char *called;
} calls[] = {
    {{"PUT", "/v1/nodes/n1/states/power", "{\"target\": \"rebooting\"}", 5, 202, NULL, NULL},
     "change_node_power_state"},
    {{"PUT", "/v1/nodes/n1/states/provision", "{\"target\": \"active\"}", 5, 202, NULL, NULL},
     "do_node_deploy"},
    {{"PUT", "/v1/nodes/n2/states/provision", "{\"target\": \"deleted\"}", 5, 202, NULL, NULL},
     "do_node_tear_down"},
    {{"PUT", "/v1/nodes/n1/states/provision", "{\"target\": \"manage\"}", 5, 202, NULL, NULL},
     "do_provisioning_action"},
    {{"PUT", "/v1/nodes/n2/states/provision",
      "{\"target\": \"rescue\", \"rescue_password\": \"p\"}", 38, 202, NULL, NULL},
     "do_node_rescue"},
    {{"PUT", "/v1/nodes/n1/states/boot_mode", "{\"target\": \"bios\"}", 76, 202, NULL, NULL},
     "change_node_boot_mode"},
    {{"PUT", "/v1/nodes/n1/states/secure_boot", "{\"target\": true}", 76, 202, NULL, NULL},
     "change_node_secure_boot"},
    {{"PUT", "/v1/nodes/n1/states/console", "{\"enabled\": true}", 5, 202, NULL, NULL},
     "set_console_mode"},
    {{"PUT", "/v1/nodes/n1/states/raid", "{}", 12, 204, NULL, NULL}, "set_target_raid_config"},
    {{"PUT", "/v1/nodes/n1/management/inject_nmi", "{}", 29, 204, NULL, NULL}, "inject_nmi"},
    {{"PUT", "/v1/nodes/n1/management/boot_device", "{\"boot_device\": \"pxe\"}", 5, 204, NULL,
      NULL},
     "set_boot_device"},
    {{"DELETE", "/v1/nodes/maintenance?node_ident=n2", NULL, 5, 202, NULL, NULL}, "update_node"},
    {{"DELETE", "/v1/nodes/n1", NULL, 5, 204, NULL, NULL}, "destroy_node"},
};

START_TEST(each_change_is_asked_of_the_conductor_by_its_method)
{
    service_start(NULL);
    for (size_t i = 0; i < COUNT(calls); i++) {
        service_ask(&calls[i].exchange, 1);
        ck_assert_msg(strcmp(service.called, calls[i].called) == 0, "%s: %s",
                      calls[i].exchange.path, service.called);
    }
    service_stop();
}
END_TEST

UNIT_MAIN("api/v1/node_states", states_are_changed_as_their_versions_allow,
          each_change_is_asked_of_the_conductor_by_its_method)
