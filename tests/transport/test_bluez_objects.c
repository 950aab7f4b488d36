/*
 * What is read out of BlueZ's messages: the right objects, only with the documented types, within
 * their limits.
 */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "bluez_objects.h"

#define SERVICE_UUID "4d434850-253d-46b3-9923-e61b8e8215d7"
#define FEATURE_UUID "4d434850-22e4-4246-af03-0c4a2f906358"
#define DATA_UUID    "4d434850-34d9-40a6-ba7e-56f57c8cd478"
#define ADDRESS      "C0:FF:EE:12:34:56"

static sd_bus *bus;
static struct bluez_objects objects;
static int ends[2];

/* A bus that nobody answers on is enough to build messages. */
static void setup(void)
{
    ck_assert_int_eq(sd_bus_load(), OX_OK);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_ge(sd_bus_new(&bus), 0);
    ck_assert_int_ge(sd_bus_set_fd(bus, ends[0], ends[0]), 0);
    ck_assert_int_ge(sd_bus_start(bus), 0);
}

static void teardown(void)
{
    bus = sd_bus_close_unref(bus);
    (void)close(ends[1]);
}

static sd_bus_message *message_new(void)
{
    sd_bus_message *m = NULL;

    ck_assert_int_ge(sd_bus_message_new_signal(bus, &m, "/org/bluez/hci0/dev_x", "a.b", "C"), 0);
    return m;
}

static void finish(sd_bus_message *m)
{
    ck_assert_int_ge(sd_bus_message_seal(m, 1, 0), 0);
    ck_assert_int_ge(sd_bus_message_rewind(m, 1), 0);
}

static bool read_and_free(sd_bus_message *m)
{
    bool ok;

    finish(m);
    ok = bluez_objects_read(m, ADDRESS, &objects);
    sd_bus_message_unref(m);
    return ok;
}

/* Each object: path, one interface, three properties. */
static void open_list(sd_bus_message *m)
{
    ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}"), 0);
}

static void close_list(sd_bus_message *m)
{
    ck_assert_int_ge(sd_bus_message_close_container(m), 0);
}

static void add_adapter(sd_bus_message *m, const char *path, int powered)
{
    ck_assert_int_ge(sd_bus_message_append(m, "{oa{sa{sv}}}", path, 2, "org.bluez.Media1", 1, "Odd",
                                           "as", 1, "x", "org.bluez.Adapter1", 1, "Powered", "b",
                                           powered),
                     0);
}

static void add_device(sd_bus_message *m, const char *path, const char *adapter,
                       const char *address)
{
    ck_assert_int_ge(sd_bus_message_append(m, "{oa{sa{sv}}}", path, 1, "org.bluez.Device1", 4,
                                           "Address", "s", address, "Adapter", "o", adapter,
                                           "Paired", "b", 1, "RSSI", "n", -60),
                     0);
}

static void add_part(sd_bus_message *m, const char *path, const char *service, const char *uuid)
{
    ck_assert_int_ge(sd_bus_message_append(m, "{oa{sa{sv}}}", path, 1,
                                           "org.bluez.GattCharacteristic1", 3, "UUID", "s", uuid,
                                           "Service", "o", service, "MTU", "q", 247),
                     0);
}

static void add_service(sd_bus_message *m, const char *path, const char *device)
{
    ck_assert_int_ge(sd_bus_message_append(m, "{oa{sa{sv}}}", path, 1, "org.bluez.GattService1", 2,
                                           "UUID", "s", SERVICE_UUID, "Device", "o", device),
                     0);
}

START_TEST(test_bluez_objects_right_ones_are_chosen)
{
    sd_bus_message *m = message_new();
    const struct bluez_object *adapter;
    const struct bluez_object *device;

    /* In no order, and with the same device at another adapter. */
    open_list(m);
    add_part(m, "/b/hci1/d/s/c", "/b/hci1/d/s", DATA_UUID);
    add_part(m, "/b/hci1/d/t/c", "/b/hci1/d/t", FEATURE_UUID); /* another service's */
    add_service(m, "/b/hci1/d/s", "/b/hci1/d");
    add_device(m, "/b/hci0/d", "/b/hci0", ADDRESS);
    add_device(m, "/b/hci1/e", "/b/hci1", "C0:FF:EE:12:34:57");
    add_device(m, "/b/hci1/d", "/b/hci1", ADDRESS);
    add_adapter(m, "/b/hci0", 0);
    add_adapter(m, "/b/hci1", 1);
    add_adapter(m, "/b/hci11", 1);
    close_list(m);
    ck_assert(read_and_free(m));
    ck_assert_uint_eq(objects.count, 8);

    adapter = bluez_adapter(&objects, NULL);
    ck_assert_str_eq(adapter->path, "/b/hci1");
    ck_assert_ptr_eq(bluez_adapter(&objects, "hci1"), adapter);
    ck_assert_int_eq(bluez_adapter(&objects, "hci0")->powered, 0);
    ck_assert_ptr_null(bluez_adapter(&objects, "hci2"));
    ck_assert_ptr_null(bluez_device(&objects, bluez_adapter(&objects, "hci11")));
    device = bluez_device(&objects, adapter);
    ck_assert_str_eq(device->path, "/b/hci1/d");
    ck_assert_int_eq(device->paired, 1);
    ck_assert_int_eq(device->connected, -1);
    ck_assert_uint_eq(bluez_part(&objects, device, BLUEZ_DATA)->mtu, 247);
    ck_assert_ptr_null(bluez_part(&objects, device, BLUEZ_FEATURE));
    ck_assert_ptr_null(bluez_part(&objects, device, BLUEZ_CONTROL));
}
END_TEST

START_TEST(test_bluez_objects_only_an_adapter_that_is_off_is_still_named)
{
    sd_bus_message *m = message_new();

    open_list(m);
    add_adapter(m, "/b/hci0", 0);
    close_list(m);
    ck_assert(read_and_free(m));
    ck_assert_str_eq(bluez_adapter(&objects, NULL)->path, "/b/hci0");

    m = message_new();
    open_list(m);
    close_list(m);
    ck_assert(read_and_free(m));
    ck_assert_ptr_null(bluez_adapter(&objects, NULL));
}
END_TEST

START_TEST(test_bluez_objects_wrong_types_and_long_texts_do_not_count)
{
    sd_bus_message *m = message_new();
    char long_path[BLUEZ_PATH_LEN + 8] = "/b/";
    const struct bluez_object *adapter;

    memset(long_path + 3, 'x', sizeof long_path - 4);
    open_list(m);
    add_adapter(m, long_path, 1);
    ck_assert_int_ge(sd_bus_message_append(m, "{oa{sa{sv}}}", "/b/hci0", 1, "org.bluez.Adapter1", 3,
                                           "Powered", "s", "yes", "MTU", "i", 5, "UUID", "s",
                                           "longer than the text of any UUID is allowed to be"),
                     0);
    close_list(m);
    ck_assert(read_and_free(m));
    ck_assert_uint_eq(objects.count, 1);
    adapter = bluez_adapter(&objects, NULL);
    ck_assert_int_eq(adapter->powered, -1);
    ck_assert_uint_eq(adapter->mtu, 0);
    ck_assert_str_eq(adapter->uuid, "");
}
END_TEST

START_TEST(test_bluez_objects_too_many_or_another_message_is_refused)
{
    sd_bus_message *m = message_new();
    char path[32];

    open_list(m);
    for (unsigned i = 0; i <= BLUEZ_OBJECT_MAX; i++) {
        (void)snprintf(path, sizeof path, "/b/hci%u", i);
        add_adapter(m, path, 1);
    }
    close_list(m);
    ck_assert(!read_and_free(m));

    ck_assert(!read_and_free(message_new()));
    m = message_new();
    ck_assert_int_ge(sd_bus_message_append(m, "s", "text"), 0);
    ck_assert(!read_and_free(m));
    m = message_new();
    ck_assert_int_ge(sd_bus_message_append(m, "a{sv}", 1, "x", "s", "y"), 0);
    ck_assert(!read_and_free(m));
}
END_TEST

static bool read_changes(const char *interface, const char *name, size_t value_len,
                         struct bluez_object *ret)
{
    static const uint8_t value[OTAM_VALUE_MAX_LEN + 1] = {1, 2, 3};
    sd_bus_message *m = message_new();
    bool ok;

    ck_assert_int_ge(sd_bus_message_append(m, "s", interface), 0);
    ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
    ck_assert_int_ge(sd_bus_message_open_container(m, 'e', "sv"), 0);
    ck_assert_int_ge(sd_bus_message_append(m, "s", name), 0);
    ck_assert_int_ge(sd_bus_message_open_container(m, 'v', "ay"), 0);
    ck_assert_int_ge(sd_bus_message_append_array(m, 'y', value, value_len), 0);
    ck_assert_int_ge(sd_bus_message_close_container(m), 0);
    ck_assert_int_ge(sd_bus_message_close_container(m), 0);
    ck_assert_int_ge(sd_bus_message_close_container(m), 0);
    ck_assert_int_ge(sd_bus_message_append(m, "as", 0), 0);
    finish(m);
    ok = bluez_changes_read(m, ret);
    sd_bus_message_unref(m);
    return ok;
}

START_TEST(test_bluez_objects_changes_carry_a_value_of_bounded_length)
{
    const char *gatt = "org.bluez.GattCharacteristic1";
    struct bluez_object changes;

    ck_assert(read_changes(gatt, "Value", 3, &changes));
    ck_assert_str_eq(changes.path, "/org/bluez/hci0/dev_x");
    ck_assert(changes.has_value);
    ck_assert_uint_eq(changes.value_len, 3);
    ck_assert_mem_eq(changes.value, "\1\2\3", 3);
    ck_assert(read_changes(gatt, "Value", 0, &changes));
    ck_assert(changes.has_value && changes.value_len == 0);
    ck_assert(read_changes(gatt, "Value", OTAM_VALUE_MAX_LEN, &changes));
    ck_assert_uint_eq(changes.value_len, OTAM_VALUE_MAX_LEN);
    ck_assert(read_changes(gatt, "Value", OTAM_VALUE_MAX_LEN + 1, &changes));
    ck_assert(!changes.has_value);
    ck_assert(read_changes(gatt, "Connected", 1, &changes));
    ck_assert(!changes.has_value && changes.connected == -1);
    ck_assert(read_changes("org.bluez.Battery1", "Value", 1, &changes));
    ck_assert(!changes.has_value);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_bluez_objects_right_ones_are_chosen);
    tcase_add_test(tc, test_bluez_objects_only_an_adapter_that_is_off_is_still_named);
    tcase_add_test(tc, test_bluez_objects_wrong_types_and_long_texts_do_not_count);
    tcase_add_test(tc, test_bluez_objects_too_many_or_another_message_is_refused);
    tcase_add_test(tc, test_bluez_objects_changes_carry_a_value_of_bounded_length);
}

int main(void)
{
    return unit_main("bluez_objects", add_tests);
}
