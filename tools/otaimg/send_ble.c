/*
 * send --ble: the manager over BlueZ.
 *
 * Layer: above send_link.c and bluez_objects.c. Invariants: the manager hears of one end for each
 * connection, and nothing of a connection that is over; no call is made that waits for an answer.
 *
 * A connection is made by looking again and again: each step asks BlueZ for all its objects and does
 * what the first fact that is missing calls for (search, connect, wait for services, pair).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "att_socket.h"
#include "bluez_objects.h"
#include "diag.h"
#include "send_link.h"

#define BLUEZ      "org.bluez"
#define ADAPTER    "org.bluez.Adapter1"
#define DEVICE     "org.bluez.Device1"
#define GATT       "org.bluez.GattCharacteristic1"
#define OBJECTS    "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

enum { CALL_TIMEOUT_US = 60 * 1000 * 1000, TROUBLE_LEN = 200 };

enum phase {
    OFF,
    LOOKING, /* a list of objects, or what it called for, is under way */
    SEARCHING,
    RESOLVING, /* connected, services are not known yet */
    UP
};

struct ble {
    char address[BLUEZ_ADDRESS_LEN];
    const char *adapter_name; /* NULL: any */
    sd_bus *bus;
    struct otam *m;
    enum phase phase;
    char adapter[BLUEZ_PATH_LEN];
    char device[BLUEZ_PATH_LEN]; /* "": not known yet */
    char parts[BLUEZ_PART_COUNT][BLUEZ_PATH_LEN];
    bool is_over;              /* the end of the connection is still to be told */
    bool has_asked;            /* to connect, in this connection */
    bool has_paired;           /* asked to */
    bool is_held;              /* a write found the one before still under way */
    sd_bus_slot *call;         /* the operation under way */
    sd_bus_slot *command;      /* the write without response under way */
    char trouble[TROUBLE_LEN]; /* what BlueZ said last; "": nothing */
    enum ox trouble_ox;
    bool is_hopeless; /* trying again would bring the same */
};

/* ---- trouble ---------------------------------------------------------------------------------- */

/* What BlueZ and the bus call it, what it means, and whether another attempt makes sense. */
static const struct {
    const char *name;
    const char *text;
    bool is_hopeless;
} errors[] = {
    {"org.freedesktop.DBus.Error.ServiceUnknown", "BlueZ does not run", true},
    {"org.freedesktop.DBus.Error.NameHasNoOwner", "BlueZ does not run", true},
    {"org.freedesktop.DBus.Error.AccessDenied", "this user may not use BlueZ", true},
    {"org.bluez.Error.NotReady", "the adapter is off", true},
    {"org.bluez.Error.AuthenticationFailed", "pairing failed", true},
    {"org.bluez.Error.AuthenticationRejected", "the device refused to pair", true},
    {"org.bluez.Error.AuthenticationCanceled", "pairing was cancelled", true},
    {"org.bluez.Error.AuthenticationTimeout", "pairing took too long", true},
    {"org.bluez.Error.NotAuthorized", "not authorised, expected a device that is paired", true},
    {"org.bluez.Error.NotPermitted", "not permitted, expected a device that is paired", true},
    {"org.bluez.Error.NotConnected", "the connection is gone", false}};

static void set_trouble(struct ble *ble, enum ox ox, bool is_hopeless, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void set_trouble(struct ble *ble, enum ox ox, bool is_hopeless, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(ble->trouble, sizeof ble->trouble, format, args);
    va_end(args);
    ble->trouble_ox = ox;
    ble->is_hopeless = is_hopeless;
}

/* Whether a reply is an error, which is kept then. */
static bool is_error(struct ble *ble, sd_bus_message *reply)
{
    const sd_bus_error *error = sd.message_get_error(reply);
    const char *message;

    if (error == NULL) {
        return false;
    }
    message = error->message != NULL ? error->message : "";
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strcmp(errors[i].name, error->name) == 0) {
            set_trouble(ble, OX_IO, errors[i].is_hopeless, "%s (%s: %s)", errors[i].text,
                        error->name, message);
            return true;
        }
    }
    set_trouble(ble, OX_IO, false, "BlueZ failed (%s: %s)", error->name, message);
    return true;
}

/* ---- calls ------------------------------------------------------------------------------------ */

static void drop_slot(sd_bus_slot **slot)
{
    sd.slot_unref(*slot);
    *slot = NULL;
}

/* Sends the call and frees it, whether it was built or not; an answer under way in *slot is no longer
 * waited for. slot and handler NULL: nobody waits. */
static bool send_call(struct ble *ble, sd_bus_message *call, bool is_built, sd_bus_slot **slot,
                      sd_bus_message_handler_t handler)
{
    bool ok = false;

    if (slot != NULL) {
        drop_slot(slot);
    }
    if (is_built) {
        ok = sd.call_async(ble->bus, slot, call, handler, ble, CALL_TIMEOUT_US) >= 0;
    }
    sd.message_unref(call);
    if (!ok) {
        set_trouble(ble, OX_IO, false, "D-Bus takes no call");
    }
    return ok;
}

/* A method without arguments. */
static bool call_plain(struct ble *ble, const char *path, const char *interface, const char *method,
                       sd_bus_message_handler_t handler)
{
    sd_bus_message *call = NULL;
    bool ok = sd.message_new_method_call(ble->bus, &call, BLUEZ, path, interface, method) >= 0;

    return send_call(ble, call, ok, handler == NULL ? NULL : &ble->call, handler);
}

/* ---- the end of a connection ------------------------------------------------------------------ */

static void tell(struct ble *ble, const struct otam_event *event)
{
    otam_event(ble->m, event, att_link_now_ms());
}

static void turn_off(struct ble *ble)
{
    if (ble->phase == SEARCHING) {
        (void)call_plain(ble, ble->adapter, ADAPTER, "StopDiscovery", NULL);
    }
    ble->phase = OFF;
    ble->is_held = false;
    drop_slot(&ble->call);
    drop_slot(&ble->command);
}

static void end_connection(struct ble *ble)
{
    turn_off(ble);
    ble->is_over = true;
}

static int on_disconnect(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;

    (void)reply;
    (void)error;
    end_connection(ble);
    return 0;
}

static bool link_disconnect(void *ctx)
{
    struct ble *ble = ctx;
    bool is_linked = ble->has_asked && ble->device[0] != '\0';

    turn_off(ble);
    if (!is_linked || !call_plain(ble, ble->device, DEVICE, "Disconnect", on_disconnect)) {
        ble->is_over = true;
    }
    return true;
}

/* ---- making a connection ---------------------------------------------------------------------- */

static void look(struct ble *ble);

/* Connect and Pair: go on, or this attempt is over. */
static int on_step(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;

    (void)error;
    drop_slot(&ble->call);
    if (is_error(ble, reply)) {
        (void)link_disconnect(ble);
    } else {
        look(ble);
    }
    return 0;
}

static int on_search(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;

    (void)error;
    drop_slot(&ble->call);
    if (is_error(ble, reply)) {
        end_connection(ble);
    }
    return 0;
}

static void search(struct ble *ble)
{
    if (ble->phase == SEARCHING) {
        return;
    }
    set_trouble(ble, OX_IO, false, "no device of this address is in reach");
    ble->phase = SEARCHING;
    if (!call_plain(ble, ble->adapter, ADAPTER, "StartDiscovery", on_search)) {
        end_connection(ble);
    }
}

static void step(struct ble *ble, const char *method)
{
    if (!call_plain(ble, ble->device, DEVICE, method, on_step)) {
        end_connection(ble);
    }
}

static void come_up(struct ble *ble, const struct bluez_objects *objects,
                    const struct bluez_object *device)
{
    struct otam_event event = {.type = OTAM_EV_CONNECTED, .att_mtu = OTAM_MTU_MIN};

    for (unsigned i = 0; i < BLUEZ_PART_COUNT; i++) {
        const struct bluez_object *part = bluez_part(objects, device, (enum bluez_part)i);

        if (part == NULL) {
            set_trouble(ble, OX_WRONG_DEVICE, true, "the device has no OTA service");
            (void)link_disconnect(ble);
            return;
        }
        memcpy(ble->parts[i], part->path, sizeof part->path);
        if (part->mtu > event.att_mtu) {
            event.att_mtu = part->mtu;
        }
    }
    ble->phase = UP;
    tell(ble, &event);
}

static void with_device(struct ble *ble, const struct bluez_objects *objects,
                        const struct bluez_object *device)
{
    if (ble->phase == SEARCHING) {
        (void)call_plain(ble, ble->adapter, ADAPTER, "StopDiscovery", NULL);
        ble->trouble[0] = '\0';
    }
    ble->phase = LOOKING;
    memcpy(ble->device, device->path, sizeof device->path);
    if (!ble->has_asked) {
        ble->has_asked = true;
        if (device->connected != 1) {
            step(ble, "Connect");
            return;
        }
    }
    if (device->connected != 1) {
        end_connection(ble);
    } else if (device->resolved != 1) {
        ble->phase = RESOLVING;
    } else if (device->paired != 1 && !ble->has_paired) {
        ble->has_paired = true;
        step(ble, "Pair");
    } else {
        come_up(ble, objects, device);
    }
}

static void with_objects(struct ble *ble, const struct bluez_objects *objects)
{
    const struct bluez_object *adapter = bluez_adapter(objects, ble->adapter_name);
    const struct bluez_object *device;

    if (adapter == NULL || adapter->powered != 1) {
        set_trouble(ble, OX_IO, true, "%s%s, expected a Bluetooth adapter that is on",
                    ble->adapter_name != NULL ? ble->adapter_name : "adapter",
                    adapter == NULL ? " is not there" : " is off");
        end_connection(ble);
        return;
    }
    memcpy(ble->adapter, adapter->path, sizeof adapter->path);
    device = bluez_device(objects, adapter);
    if (device == NULL) {
        search(ble);
    } else {
        with_device(ble, objects, device);
    }
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;
    static struct bluez_objects objects; /* 50 KB */

    (void)error;
    drop_slot(&ble->call);
    if (is_error(ble, reply)) {
        end_connection(ble);
    } else if (!bluez_objects_read(reply, ble->address, &objects)) {
        set_trouble(ble, OX_IO, false, "BlueZ's list of objects cannot be read");
        end_connection(ble);
    } else {
        with_objects(ble, &objects);
    }
    return 0;
}

static void look(struct ble *ble)
{
    if (!call_plain(ble, "/", OBJECTS, "GetManagedObjects", on_objects)) {
        end_connection(ble);
    }
}

static bool link_connect(void *ctx)
{
    struct ble *ble = ctx;

    turn_off(ble);
    ble->is_over = false;
    ble->has_asked = false;
    ble->has_paired = false;
    ble->device[0] = '\0';
    ble->trouble[0] = '\0';
    ble->phase = LOOKING;
    look(ble);
    return true;
}

/* ---- operations ------------------------------------------------------------------------------- */

static void answer(struct ble *ble, sd_bus_message *reply, enum otam_event_type type)
{
    const struct otam_event event = {.type = type, .ok = !is_error(ble, reply)};

    drop_slot(&ble->call);
    tell(ble, &event);
}

static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)error;
    answer(userdata, reply, OTAM_EV_SUBSCRIBED);
    return 0;
}

static int on_written(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)error;
    answer(userdata, reply, OTAM_EV_WRITTEN);
    return 0;
}

static int on_feature(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;
    struct otam_event event = {.type = OTAM_EV_FEATURE};
    const void *bytes = NULL;

    (void)error;
    drop_slot(&ble->call);
    event.ok =
        !is_error(ble, reply) && sd.message_read_array(reply, 'y', &bytes, &event.data_len) >= 0;
    event.data = bytes;
    tell(ble, &event);
    return 0;
}

static int on_command(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;
    bool was_held = ble->is_held;

    (void)error;
    drop_slot(&ble->command);
    ble->is_held = false;
    if (is_error(ble, reply)) {
        (void)link_disconnect(ble); /* the device has a gap now */
    } else if (was_held) {
        const struct otam_event event = {.type = OTAM_EV_WRITABLE};

        tell(ble, &event);
    }
    return 0;
}

static bool link_subscribe(void *ctx, enum otam_channel channel)
{
    struct ble *ble = ctx;

    return call_plain(ble, ble->parts[channel == OTAM_DATA ? BLUEZ_DATA : BLUEZ_CONTROL], GATT,
                      "StartNotify", on_subscribed);
}

static bool link_read_feature(void *ctx)
{
    struct ble *ble = ctx;
    sd_bus_message *call = NULL;
    bool ok = sd.message_new_method_call(ble->bus, &call, BLUEZ, ble->parts[BLUEZ_FEATURE], GATT,
                                         "ReadValue") >= 0 &&
              sd.message_append(call, "a{sv}", 0) >= 0;

    return send_call(ble, call, ok, &ble->call, on_feature);
}

static bool write_value(struct ble *ble, enum bluez_part part, const char *type,
                        const uint8_t *data, size_t data_len, sd_bus_slot **slot,
                        sd_bus_message_handler_t handler)
{
    sd_bus_message *call = NULL;
    bool ok = sd.message_new_method_call(ble->bus, &call, BLUEZ, ble->parts[part], GATT,
                                         "WriteValue") >= 0 &&
              sd.message_append_array(call, 'y', data, data_len) >= 0 &&
              sd.message_append(call, "a{sv}", 1, "type", "s", type) >= 0;

    return send_call(ble, call, ok, slot, handler);
}

static bool link_write(void *ctx, const uint8_t *data, size_t data_len)
{
    struct ble *ble = ctx;

    return write_value(ble, BLUEZ_CONTROL, "request", data, data_len, &ble->call, on_written);
}

static enum otam_tx link_write_command(void *ctx, const uint8_t *data, size_t data_len)
{
    struct ble *ble = ctx;

    if (ble->command != NULL) {
        ble->is_held = true;
        return OTAM_TX_LATER;
    }
    return write_value(ble, BLUEZ_DATA, "command", data, data_len, &ble->command, on_command)
               ? OTAM_TX_TAKEN
               : OTAM_TX_FAILED;
}

static const struct otam_transport transport = {link_connect,   link_disconnect,
                                                link_subscribe, link_read_feature,
                                                link_write,     link_write_command};

/* ---- signals ---------------------------------------------------------------------------------- */

static void on_device_changed(struct ble *ble, const struct bluez_object *changes)
{
    if (changes->connected == 0 && (ble->phase == RESOLVING || ble->phase == UP)) {
        end_connection(ble);
    } else if (changes->resolved == 1 && ble->phase == RESOLVING) {
        ble->phase = LOOKING;
        look(ble);
    }
}

static void on_notified(struct ble *ble, const struct bluez_object *changes,
                        enum otam_channel channel)
{
    const struct otam_event event = {.type = OTAM_EV_NOTIFIED,
                                     .channel = channel,
                                     .data = changes->value,
                                     .data_len = changes->value_len};

    tell(ble, &event);
}

static int on_changed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;
    struct bluez_object changes;

    (void)error;
    if (ble->phase == OFF || !bluez_changes_read(signal, &changes)) {
        return 0;
    }
    if (strcmp(changes.path, ble->device) == 0) {
        on_device_changed(ble, &changes);
    } else if (ble->phase == UP && changes.has_value) {
        if (strcmp(changes.path, ble->parts[BLUEZ_CONTROL]) == 0) {
            on_notified(ble, &changes, OTAM_CONTROL);
        } else if (strcmp(changes.path, ble->parts[BLUEZ_DATA]) == 0) {
            on_notified(ble, &changes, OTAM_DATA);
        }
    }
    return 0;
}

/* Something was heard: is it the device? */
static int on_added(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;

    (void)signal;
    (void)error;
    if (ble->phase == SEARCHING) {
        look(ble);
    }
    return 0;
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    struct ble *ble = userdata;

    (void)signal;
    (void)error;
    if (ble->phase != OFF) {
        set_trouble(ble, OX_IO, false, "BlueZ ended");
        end_connection(ble);
    }
    return 0;
}

/* ---- the run ---------------------------------------------------------------------------------- */

static void tell_end(struct ble *ble)
{
    const struct otam_event event = {.type = OTAM_EV_DISCONNECTED};

    ble->is_over = false;
    tell(ble, &event);
}

/* The bus is gone, and with it everything. */
static void lose_bus(struct ble *ble)
{
    set_trouble(ble, OX_IO, true, "connection to D-Bus lost");
    end_connection(ble);
}

static void run(void *ctx, struct otam *m)
{
    struct ble *ble = ctx;

    ble->m = m;
    while (!otam_finished(m)) {
        uint32_t wait_ms = otam_wait_ms(m, att_link_now_ms());
        int result;

        if (ble->is_over) {
            tell_end(ble);
            continue;
        }
        if (ble->is_hopeless) {
            otam_stop(m, att_link_now_ms());
        }
        result = sd.process(ble->bus, NULL);
        if (result == 0 && !ble->is_over) {
            result =
                sd.wait(ble->bus, wait_ms == UINT32_MAX ? UINT64_MAX : wait_ms * UINT64_C(1000));
        }
        if (result < 0 && result != -EINTR) {
            lose_bus(ble);
        }
        otam_tick(m, att_link_now_ms());
    }
}

static enum ox explain(void *ctx)
{
    const struct ble *ble = ctx;

    return ble->trouble[0] == '\0'
               ? OX_OK
               : diag_fail(ble->trouble_ox, "%s: %s", ble->address, ble->trouble);
}

static enum ox open_bus(struct ble *ble)
{
    int result = sd.open_system(&ble->bus);

    if (result >= 0) {
        result = sd.match_signal(ble->bus, NULL, BLUEZ, NULL, PROPERTIES, "PropertiesChanged",
                                 on_changed, ble);
    }
    if (result >= 0) {
        result =
            sd.match_signal(ble->bus, NULL, BLUEZ, NULL, OBJECTS, "InterfacesAdded", on_added, ble);
    }
    if (result >= 0) {
        result = sd.add_match(ble->bus, NULL,
                              "type='signal',sender='org.freedesktop.DBus',"
                              "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                              "arg0='" BLUEZ "'",
                              on_owner_changed, ble);
    }
    return result >= 0 ? OX_OK
                       : diag_fail(OX_IO, "cannot use the system's D-Bus: %s", strerror(-result));
}

/* "aa:bb:..." to capitals, as BlueZ writes it. */
static bool read_address(const char *text, char ret[BLUEZ_ADDRESS_LEN])
{
    if (strlen(text) != BLUEZ_ADDRESS_LEN - 1) {
        return false;
    }
    for (unsigned i = 0; i < BLUEZ_ADDRESS_LEN - 1; i++) {
        bool is_letter = text[i] >= 'a' && text[i] <= 'f';

        if (strchr(i % 3 == 2 ? ":" : "0123456789ABCDEFabcdef", text[i]) == NULL) {
            return false;
        }
        ret[i] = (char)(is_letter ? text[i] - 'a' + 'A' : text[i]);
    }
    ret[BLUEZ_ADDRESS_LEN - 1] = '\0';
    return true;
}

enum ox send_ble(const char *address, const struct source *file,
                 const struct send_link_options *options, struct otam_progress *ret)
{
    struct ble ble = {.adapter_name = options->adapter};
    const struct send_link link = {ble.address, &transport, &ble, run, explain};
    enum ox ox;

    if (!read_address(address, ble.address)) {
        return diag_fail(OX_USAGE, "'--ble' is '%s', expected an address such as C0:FF:EE:12:34:56",
                         address);
    }
    ox = sd_bus_load();
    if (ox == OX_OK) {
        ox = open_bus(&ble);
        if (ox == OX_OK) {
            ox = send_link_run(&link, file, options, ret);
            turn_off(&ble);
        }
        (void)sd.flush_close_unref(ble.bus);
    }
    return ox;
}
