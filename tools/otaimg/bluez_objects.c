/*
 * BlueZ's objects out of D-Bus messages.
 *
 * Layer: above sd_bus.c, below send_ble.c. Invariant: a property counts only with the type that BlueZ
 * documents for it; texts that do not fit are left out.
 * spec: BlueZ D-Bus API, org.bluez.Adapter, Device, GattService, GattCharacteristic
 */
#include "bluez_objects.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* spec: Microchip OTA profile v1.3, UUIDs */
static const char service_uuid[] = "4d434850-253d-46b3-9923-e61b8e8215d7";
static const char *const part_uuids[BLUEZ_PART_COUNT] = {
    [BLUEZ_FEATURE] = "4d434850-22e4-4246-af03-0c4a2f906358",
    [BLUEZ_CONTROL] = "4d434850-9327-45de-8882-c97f39028a76",
    [BLUEZ_DATA] = "4d434850-34d9-40a6-ba7e-56f57c8cd478"};

static const char *const interfaces[] = {[BLUEZ_ADAPTER] = "org.bluez.Adapter1",
                                         [BLUEZ_DEVICE] = "org.bluez.Device1",
                                         [BLUEZ_SERVICE] = "org.bluez.GattService1",
                                         [BLUEZ_CHARACTERISTIC] = "org.bluez.GattCharacteristic1"};

/* Where a property goes: s and o into text of len bytes, b into an int, q into an uint16_t. */
struct property {
    const char *name;
    const char *type;
    size_t offset;
    size_t len;
};

#define TEXT(name, type, member)                                                                   \
    {                                                                                              \
        name, type, offsetof(struct bluez_object, member),                                         \
            sizeof(((struct bluez_object *)0)->member)                                             \
    }

static const struct property properties[] = {
    TEXT("Adapter", "o", parent),
    TEXT("Device", "o", parent),
    TEXT("Service", "o", parent),
    TEXT("UUID", "s", uuid),
    TEXT("Address", "s", address),
    {"Powered", "b", offsetof(struct bluez_object, powered), 0},
    {"Connected", "b", offsetof(struct bluez_object, connected), 0},
    {"Paired", "b", offsetof(struct bluez_object, paired), 0},
    {"ServicesResolved", "b", offsetof(struct bluez_object, resolved), 0},
    {"MTU", "q", offsetof(struct bluez_object, mtu), 0}};

/* ---- reading ---------------------------------------------------------------------------------- */

static const struct property *find_property(const char *name, const char *type)
{
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        if (strcmp(properties[i].name, name) == 0 && strcmp(properties[i].type, type) == 0) {
            return &properties[i];
        }
    }
    return NULL;
}

static bool copy_text(const char *text, char *ret, size_t ret_len)
{
    size_t len = strlen(text);

    if (len < ret_len) {
        memcpy(ret, text, len + 1);
    }
    return len < ret_len;
}

static bool read_known(sd_bus_message *m, const struct property *property, struct bluez_object *ret)
{
    char *at = (char *)ret + property->offset;
    const char *text = NULL;

    if (property->len == 0) {
        return sd.message_read_basic(m, property->type[0], at) > 0;
    }
    if (sd.message_read_basic(m, property->type[0], &text) <= 0) {
        return false;
    }
    (void)copy_text(text, at, property->len);
    return true;
}

static bool read_value(sd_bus_message *m, struct bluez_object *ret)
{
    const void *bytes = NULL;
    size_t len = 0;

    if (sd.message_read_array(m, 'y', &bytes, &len) < 0) {
        return false;
    }
    ret->has_value = len <= sizeof ret->value;
    if (ret->has_value) {
        ret->value_len = len;
        if (len > 0) {
            memcpy(ret->value, bytes, len);
        }
    }
    return true;
}

static bool read_variant(sd_bus_message *m, const char *name, struct bluez_object *ret)
{
    const char *type = NULL;
    const struct property *property;
    bool ok;

    if (sd.message_peek_type(m, NULL, &type) <= 0) {
        return false;
    }
    property = find_property(name, type);
    if (property == NULL && (strcmp(name, "Value") != 0 || strcmp(type, "ay") != 0)) {
        return sd.message_skip(m, "v") >= 0;
    }
    if (sd.message_enter_container(m, 'v', type) <= 0) {
        return false;
    }
    ok = property != NULL ? read_known(m, property, ret) : read_value(m, ret);
    return ok && sd.message_exit_container(m) >= 0;
}

/* Visits each entry of a dictionary whose keys are texts of this type; each reads its value. */
typedef bool read_entry(sd_bus_message *m, const char *key, void *ctx);

static bool for_each_entry(sd_bus_message *m, const char *type, read_entry *read, void *ctx)
{
    char array_type[32];
    int more;

    (void)snprintf(array_type, sizeof array_type, "{%s}", type);
    if (sd.message_enter_container(m, 'a', array_type) < 0) {
        return false;
    }
    while ((more = sd.message_enter_container(m, 'e', type)) > 0) {
        const char *key = NULL;

        if (sd.message_read_basic(m, type[0], &key) <= 0 || !read(m, key, ctx) ||
            sd.message_exit_container(m) < 0) {
            return false;
        }
    }
    return more == 0 && sd.message_exit_container(m) >= 0;
}

static bool read_property(sd_bus_message *m, const char *name, void *ctx)
{
    return read_variant(m, name, ctx);
}

static void clear(struct bluez_object *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->kind = BLUEZ_OTHER;
    ret->powered = ret->connected = ret->paired = ret->resolved = -1;
}

static bool read_interface(sd_bus_message *m, const char *interface, void *ctx)
{
    struct bluez_object *object = ctx;

    for (unsigned kind = 0; kind < BLUEZ_OTHER; kind++) {
        if (strcmp(interfaces[kind], interface) == 0) {
            object->kind = (enum bluez_kind)kind;
            return for_each_entry(m, "sv", read_property, object);
        }
    }
    return sd.message_skip(m, "a{sv}") >= 0;
}

struct reading {
    const char *address;
    struct bluez_objects *objects;
};

static bool is_part_uuid(const char *uuid)
{
    for (unsigned i = 0; i < BLUEZ_PART_COUNT; i++) {
        if (strcmp(part_uuids[i], uuid) == 0) {
            return true;
        }
    }
    return false;
}

static bool may_matter(const struct bluez_object *object, const char *address)
{
    switch (object->kind) {
    case BLUEZ_ADAPTER:
        return true;
    case BLUEZ_DEVICE:
        return strcmp(object->address, address) == 0;
    case BLUEZ_SERVICE:
        return strcmp(object->uuid, service_uuid) == 0;
    case BLUEZ_CHARACTERISTIC:
        return is_part_uuid(object->uuid);
    case BLUEZ_OTHER:
        break;
    }
    return false;
}

static bool read_object(sd_bus_message *m, const char *path, void *ctx)
{
    const struct reading *reading = ctx;
    struct bluez_objects *objects = reading->objects;
    struct bluez_object object;

    clear(&object);
    if (!for_each_entry(m, "sa{sv}", read_interface, &object)) {
        return false;
    }
    if (!copy_text(path, object.path, sizeof object.path) ||
        !may_matter(&object, reading->address)) {
        return true;
    }
    if (objects->count == BLUEZ_OBJECT_MAX) {
        return false;
    }
    objects->list[objects->count] = object;
    objects->count++;
    return true;
}

bool bluez_objects_read(sd_bus_message *reply, const char *address, struct bluez_objects *ret)
{
    struct reading reading = {address, ret};

    ret->count = 0;
    return for_each_entry(reply, "oa{sa{sv}}", read_object, &reading);
}

bool bluez_changes_read(sd_bus_message *signal, struct bluez_object *ret)
{
    const char *interface = NULL;

    clear(ret);
    return copy_text(sd.message_get_path(signal), ret->path, sizeof ret->path) &&
           sd.message_read_basic(signal, 's', &interface) > 0 &&
           read_interface(signal, interface, ret);
}

/* ---- choosing --------------------------------------------------------------------------------- */

const struct bluez_object *bluez_adapter(const struct bluez_objects *objects, const char *name)
{
    const struct bluez_object *found = NULL;

    for (unsigned i = 0; i < objects->count; i++) {
        const struct bluez_object *object = &objects->list[i];
        const char *last = strrchr(object->path, '/');

        if (object->kind != BLUEZ_ADAPTER) {
            continue;
        }
        if (name != NULL ? last != NULL && strcmp(last + 1, name) == 0
                         : found == NULL || (found->powered != 1 && object->powered == 1)) {
            found = object;
        }
    }
    return found;
}

static const struct bluez_object *child(const struct bluez_objects *objects, enum bluez_kind kind,
                                        const struct bluez_object *parent, const char *uuid)
{
    for (unsigned i = 0; i < objects->count; i++) {
        const struct bluez_object *object = &objects->list[i];

        if (object->kind == kind && strcmp(object->parent, parent->path) == 0 &&
            strcmp(object->uuid, uuid) == 0) {
            return object;
        }
    }
    return NULL;
}

const struct bluez_object *bluez_device(const struct bluez_objects *objects,
                                        const struct bluez_object *adapter)
{
    return child(objects, BLUEZ_DEVICE, adapter, "");
}

const struct bluez_object *bluez_part(const struct bluez_objects *objects,
                                      const struct bluez_object *device, enum bluez_part part)
{
    const struct bluez_object *service = child(objects, BLUEZ_SERVICE, device, service_uuid);

    return service == NULL ? NULL : child(objects, BLUEZ_CHARACTERISTIC, service, part_uuids[part]);
}
