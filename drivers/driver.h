/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * How hardware is spoken to: one table of functions per interface, NULL where an interface
 * does not support something (the caller answers UnsupportedDriverExtension).
 *
 * Functions get the task; they fail through task->ctx->error like everything else, with
 * Ironic's classes. What may take long sleeps or waits in the calling worker; it looks at
 * ci_task_is_ending() at least every second.
 *
 * Where a member says "optional", NULL means that there is nothing to do.
 */

/* What a step or a phase came to. */
enum ci_outcome {
    CI_DONE, /* go on */
    CI_WAIT  /* the ramdisk (or a timer) will call back: wait states */
};

/* What steps are run for. */
enum ci_flow { CI_FLOW_CLEAN, CI_FLOW_DEPLOY, CI_FLOW_SERVICE };

/* One clean, deploy or service step an interface offers. */
struct ci_step_offer {
    const char *name;
    int priority;         /* 0: only on request */
    bool abortable;       /* may be stopped half-way */
    bool without_ramdisk; /* of clean and service steps: runs with nothing booted */
    const char *argsinfo; /* JSON text: {name: {"description": …, "required": …}}, or NULL */
    bool (*run)(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome);
};

/* What every interface table begins with. */
struct ci_interface {
    const char *type;              /* "power" */
    const char *name;              /* "fake" */
    const char *const *properties; /* name, meaning, name, meaning, …, NULL */
    bool (*validate)(
        struct ci_task *task); /* fails with InvalidParameterValue or MissingParameterValue */
    const struct ci_step_offer *clean_steps, *deploy_steps,
        *service_steps; /* end with a NULL name */

    /*
     * Steps that are known only once the ramdisk runs, appended to `steps` (of the arena) as
     * driver_internal_info has them; and running a step that is not among those above. Both
     * optional; the second sets *ret_outcome.
     */
    bool (*add_steps)(struct ci_task *task, enum ci_flow flow, json_t *steps);
    bool (*run_step)(struct ci_task *task, enum ci_flow flow, const json_t *step,
                     enum ci_outcome *ret_outcome);

    /* A step of the agent's has ended well, as its command tells; optional. */
    bool (*step_ended)(struct ci_task *task, enum ci_flow flow, const json_t *step,
                       const json_t *command);
};

struct ci_power {
    struct ci_interface base;
    bool (*get_state)(struct ci_task *task, const char **ret_state);
    bool (*set_state)(struct ci_task *task, const char *state, int64_t timeout_s);
    bool (*reboot)(struct ci_task *task, int64_t timeout_s);
    const char *const *supported_states; /* ends with NULL */
    bool no_force;                       /* the machine cannot be made to follow its row */
};

struct ci_management {
    struct ci_interface base;
    const char *const *(*supported_boot_devices)(struct ci_task *task);
    bool (*get_boot_device)(struct ci_task *task, const char **ret_device, int8_t *ret_persistent);
    bool (*set_boot_device)(struct ci_task *task, const char *device, bool persistent);
    bool (*get_boot_mode)(struct ci_task *task, const char **ret_mode);
    bool (*set_boot_mode)(struct ci_task *task, const char *mode);
    bool (*get_secure_boot)(struct ci_task *task, bool *ret_on);
    bool (*set_secure_boot)(struct ci_task *task, bool on);
    bool (*inject_nmi)(struct ci_task *task);
    /* {component: {indicator: {"readonly": …, "states": [...]}}}, of one component or (NULL) all */
    bool (*get_supported_indicators)(struct ci_task *task, const char *component, json_t **ret_map);
    bool (*get_indicator_state)(struct ci_task *task, const char *component, const char *indicator,
                                const char **ret_state);
    bool (*set_indicator_state)(struct ci_task *task, const char *component, const char *indicator,
                                const char *state);
    bool (*attach_virtual_media)(struct ci_task *task, const char *device_type, const char *url);
    bool (*detach_virtual_media)(struct ci_task *task, const json_t *device_types); /* NULL: all */
    bool (*get_virtual_media)(struct ci_task *task, json_t **ret_media);
    /* {kind: {sensor: {"Sensor Reading": …}}}; an empty object where there is nothing to tell */
    bool (*get_sensors_data)(struct ci_task *task, json_t **ret_data);
    /* Both may leave NULL, where the machine tells nothing; health is one of CI_HEALTH_…. */
    bool (*detect_vendor)(struct ci_task *task, const char **ret_vendor);
    bool (*get_node_health)(struct ci_task *task, const char **ret_health);
};

#define CI_HEALTH_OK "OK"
#define CI_HEALTH_WARNING "Warning"
#define CI_HEALTH_CRITICAL "Critical"

struct ci_raid {
    struct ci_interface base;
    bool (*validate_config)(struct ci_task *task, const json_t *config);
};

/* One method that a vendor interface offers beside Ironic's own. */
struct ci_vendor_method {
    const char *name, *description;
    const char *http_methods; /* space separated, upper case */
    bool sync;                /* the caller waits for what it returns */
    bool shared;              /* needs no lock */
    bool attach;              /* what it returns is a file rather than a body */
    int since;                /* RPC minor of the first release that has it; 0: all that are met */
    bool (*check)(struct ci_task *task, const char *name, const json_t *info); /* optional */
    bool (*run)(struct ci_task *task, const char *name, const json_t *info,
                json_t **ret_value); /* NULL stays where it returns nothing */
};

struct ci_vendor {
    struct ci_interface base;
    const struct ci_vendor_method *methods; /* ends with a NULL name; NULL: none */
};

/* An optional function of a table: where it is NULL there is nothing to do. */
static inline ci_must_check bool ci_optional(bool (*function)(struct ci_task *task),
                                             struct ci_task *task)
{
    return !function || function(task);
}

/* All optional; without validate_inspection it cannot boot the ramdisk of an inspection. */
struct ci_boot {
    struct ci_interface base;
    bool (*validate_inspection)(struct ci_task *task);
    bool (*prepare_ramdisk)(struct ci_task *task);
    bool (*clean_up_ramdisk)(struct ci_task *task);
    bool (*prepare_instance)(struct ci_task *task);
    bool (*clean_up_instance)(struct ci_task *task);
};

/* All optional. */
struct ci_deploy {
    struct ci_interface base;
    bool has_agent; /* the ramdisk is the agent: its heartbeats are heeded */
    bool (*prepare)(struct ci_task *task);
    bool (*take_over)(struct ci_task *task);
    bool (*clean_up)(struct ci_task *task);
    bool (*tear_down)(struct ci_task *task, enum ci_outcome *ret_outcome);
    bool (*prepare_cleaning)(struct ci_task *task, enum ci_outcome *ret_outcome);
    bool (*tear_down_cleaning)(struct ci_task *task);
    bool (*prepare_service)(struct ci_task *task, enum ci_outcome *ret_outcome);
    bool (*tear_down_service)(struct ci_task *task);
};

struct ci_inspect {
    struct ci_interface base;
    bool (*inspect_hardware)(struct ci_task *task, enum ci_outcome *ret_outcome);
    bool (*abort)(struct ci_task *task);
    /* What the ramdisk has found, both objects that may be changed; NULL: none is waited for. */
    bool (*continue_inspection)(struct ci_task *task, json_t *inventory, json_t *plugin_data,
                                enum ci_outcome *ret_outcome);
};

/* vif_… support nothing when NULL, the others are optional. */
struct ci_network {
    struct ci_interface base;
    bool (*port_changed)(struct ci_task *task, struct ci_port *port);
    bool (*vif_attach)(struct ci_task *task, const json_t *vif_info);
    bool (*vif_detach)(struct ci_task *task, const char *vif_id);
    bool (*vif_list)(struct ci_task *task, json_t **ret_vifs);
    bool (*add_provisioning_network)(struct ci_task *task);
    bool (*remove_provisioning_network)(struct ci_task *task);
    bool (*configure_tenant_networks)(struct ci_task *task);
    bool (*unconfigure_tenant_networks)(struct ci_task *task);
    bool (*add_cleaning_network)(struct ci_task *task);
    bool (*remove_cleaning_network)(struct ci_task *task);
    bool (*add_rescuing_network)(struct ci_task *task);
    bool (*remove_rescuing_network)(struct ci_task *task);
    bool (*add_servicing_network)(struct ci_task *task);
    bool (*remove_servicing_network)(struct ci_task *task);
    bool (*add_inspection_network)(struct ci_task *task);
    bool (*remove_inspection_network)(struct ci_task *task);
};

struct ci_rescue {
    struct ci_interface base;
    bool (*rescue)(struct ci_task *task, enum ci_outcome *ret_outcome);
    bool (*unrescue)(struct ci_task *task, enum ci_outcome *ret_outcome);
    bool (*clean_up)(struct ci_task *task); /* optional */
};

struct ci_console {
    struct ci_interface base;
    bool (*start)(struct ci_task *task);
    bool (*stop)(struct ci_task *task);
    bool (*get)(struct ci_task *task, json_t **ret_info);
};

/* Interfaces of which the conductor asks only for validation, properties and steps so far. */
struct ci_plain_interface {
    struct ci_interface base;
};
struct ci_storage {
    struct ci_interface base;
    bool (*attach_volumes)(struct ci_task *task);
    bool (*detach_volumes)(struct ci_task *task);
};

/*
 * The interfaces that answer for a node: its hardware type and what its *_interface fields
 * chose (drivers/hardware.h makes one per task). Never NULL inside.
 */
struct ci_hardware {
    const char *type_name;
    const struct ci_power *power;
    const struct ci_management *management;
    const struct ci_boot *boot;
    const struct ci_deploy *deploy;
    const struct ci_inspect *inspect;
    const struct ci_network *network;
    const struct ci_rescue *rescue;
    const struct ci_console *console;
    const struct ci_storage *storage;
    const struct ci_plain_interface *bios, *firmware;
    const struct ci_raid *raid;
    const struct ci_vendor *vendor;
};

/* The tables that exist: one row each of interfaces.def. */
#define INTERFACE(type, name, structure, table) extern const struct structure table;
#include "drivers/interfaces.def"
#undef INTERFACE
