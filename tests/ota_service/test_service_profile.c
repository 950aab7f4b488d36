/*
 * Conformance with the Microchip OTA profile v1.3: tables written from the notes on the profile
 * (opcodes, lengths, states, result codes, groups of 1024 bytes), not from the implementation. Rows
 * that say "ours" settle what the notes leave open.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "fake_crypto.h"
#include "image_builder.h"
#include "peer.h"

enum { FW_LEN = 2016, IMAGE_LEN = OTAV_META_LEN + FW_LEN, BYTES_MAX = 40 };

_Static_assert(IMAGE_LEN == 2528, "the tables below say e0 09 00 00");

static struct image_key signer;
static struct image image;
static uint8_t image_bytes[IMAGE_PLAIN_MAX];
static const struct peer_image sent = {image_bytes, IMAGE_LEN, IMAGE_ID, IMAGE_VERSION, false};
static struct peer peer;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_init(&image, FW_LEN, true);
    image_sign(&image, &signer);
    ck_assert_uint_eq(image_payload(&image, false, image_bytes), IMAGE_LEN);
}

static void teardown(void)
{
    image_key_free(&signer);
}

/* A device with a client that has got that far. */
static void bring_to(enum otas_state state)
{
    peer_init(&peer, &otav_crypto_openssl, 1);
    image_config(&peer.device, &signer);
    peer_connect(&peer, 517);
    if (state == OTAS_STATE_IDLE) {
        return;
    }
    ck_assert_uint_eq(peer_request(&peer, &sent, 14), 0);
    if (state == OTAS_STATE_REQUESTED) {
        return;
    }
    ck_assert_uint_eq(peer_start(&peer), 0);
    if (state == OTAS_STATE_RECEIVED) {
        ck_assert_uint_eq(peer_send(&peer, &sent, 0, IMAGE_LEN, 244), 0);
    } else {
        ck_assert_uint_eq(peer_send(&peer, &sent, 0, 1200, 244), 0);
    }
    if (state == OTAS_STATE_FAILED) {
        for (unsigned i = 0; i < 4; i++) {
            (void)otas_write(&peer.server, OTAS_DATA, image_bytes, 400);
        }
    }
    ck_assert_uint_eq(otas_get_state(&peer.server), state);
}

/* Hex digits with spaces. */
static size_t unhex(const char *text, uint8_t ret[BYTES_MAX])
{
    size_t len = 0;

    while (*text != '\0') {
        unsigned byte;

        ck_assert_int_eq(sscanf(text, " %2x", &byte), 1);
        ck_assert_uint_lt(len, BYTES_MAX);
        ret[len] = (uint8_t)byte;
        len++;
        text += strspn(text, " ") + 2;
        text += strspn(text, " ");
    }
    return len;
}

/* ---- control ---------------------------------------------------------------------------------- */

#define REQUEST_OF(len) "02 " len " 0000009B 00020401 00"
#define REQUEST         REQUEST_OF("E0090000")
#define ACCEPTED        "01 02 00 0004 00000000 00000001"
#define REFUSED(result) "01 02 " result " 0000 00000000 00000000"
#define ID16            "000102030405060708090A0B0C0D0E0F"

struct control_row {
    enum otas_state before;
    const char *written;
    const char *answer; /* "": none */
    enum otas_state after;
};

#define IDLE      OTAS_STATE_IDLE
#define REQUESTED OTAS_STATE_REQUESTED
#define RECEIVING OTAS_STATE_RECEIVING
#define RECEIVED  OTAS_STATE_RECEIVED
#define FAILED    OTAS_STATE_FAILED

static const struct control_row control_rows[] = {
    /* update request: lengths */
    {IDLE, REQUEST, ACCEPTED, REQUESTED},
    {IDLE, REQUEST " 3412 01 7856", ACCEPTED, REQUESTED},
    {IDLE, REQUEST " 3412 01 7856 " ID16, ACCEPTED, REQUESTED},
    {IDLE, "02", REFUSED("02"), IDLE},
    /* encryption flag, file type */
    {IDLE, "02 E0090000 0000009B 00020401 01", ACCEPTED, REQUESTED},
    {IDLE, "02 E0090000 0000009B 00020401 02", REFUSED("02"), IDLE},
    {IDLE, "02 E0090000 0000009B 00020401 FF", REFUSED("02"), IDLE},
    {IDLE, REQUEST " 0000 00 0000", ACCEPTED, REQUESTED},
    {IDLE, REQUEST " FFFF 03 FFFF", ACCEPTED, REQUESTED},
    {IDLE, REQUEST " 0000 04 0000", REFUSED("02"), IDLE},
    {IDLE, REQUEST " 0000 FF 0000", REFUSED("02"), IDLE},
    /* size: 1..507904 and a multiple of 16 */
    {IDLE, REQUEST_OF("10000000"), ACCEPTED, REQUESTED},
    {IDLE, REQUEST_OF("00C00700"), ACCEPTED, REQUESTED},
    {IDLE, REQUEST_OF("00000000"), REFUSED("04"), IDLE},
    {IDLE, REQUEST_OF("01000000"), REFUSED("04"), IDLE},
    {IDLE, REQUEST_OF("DF090000"), REFUSED("04"), IDLE},
    {IDLE, REQUEST_OF("E1090000"), REFUSED("04"), IDLE},
    {IDLE, REQUEST_OF("10C00700"), REFUSED("04"), IDLE},
    {IDLE, REQUEST_OF("F0FFFFFF"), REFUSED("04"), IDLE},
    /* update request: states */
    {REQUESTED, REQUEST, REFUSED("01"), REQUESTED},
    {RECEIVING, REQUEST, REFUSED("01"), RECEIVING},
    {RECEIVED, REQUEST, REFUSED("01"), RECEIVED},
    {FAILED, REQUEST, ACCEPTED, REQUESTED}, /* ours */
    /* update start */
    {IDLE, "03 01", "01 03 01", IDLE},
    {REQUESTED, "03 01", "01 03 00", RECEIVING},
    {RECEIVING, "03 01", "01 03 01", RECEIVING},
    {RECEIVED, "03 01", "01 03 01", RECEIVED},
    {FAILED, "03 01", "01 03 01", FAILED},
    {REQUESTED, "03 00", "01 03 02", REQUESTED}, /* ours, as are other types and lengths */
    {REQUESTED, "03 02", "01 03 02", REQUESTED},
    {REQUESTED, "03", "01 03 02", REQUESTED},
    {REQUESTED, "03 01 00", "01 03 02", REQUESTED},
    /* update complete: the image, an abort before its end */
    {RECEIVED, "04", "01 04 00", IDLE},
    {RECEIVING, "04", "01 04 00", IDLE},
    {REQUESTED, "04", "01 04 00", IDLE},
    {FAILED, "04", "01 04 00", IDLE},
    {IDLE, "04", "01 04 01", IDLE},                 /* ours */
    {RECEIVED, "04 00", "01 04 02", RECEIVED},      /* ours */
    {RECEIVING, "04 00 00", "01 04 02", RECEIVING}, /* ours */
    /* device reset, in any state */
    {IDLE, "05", "", IDLE},
    {REQUESTED, "05", "", REQUESTED},
    {RECEIVING, "05", "", RECEIVING},
    {RECEIVED, "05", "", RECEIVED},
    {FAILED, "05", "", FAILED},
    {IDLE, "05 00", "01 05 02", IDLE}, /* ours */
    /* no such opcode */
    {IDLE, "00", "01 00 02", IDLE},
    {IDLE, "01", "01 01 02", IDLE},
    {REQUESTED, "06", "01 06 02", REQUESTED},
    {RECEIVING, "FF 00 11 22", "01 FF 02", RECEIVING},
};

START_TEST(test_profile_control_answers_as_in_the_table)
{
    const struct control_row *row = &control_rows[_i];
    uint8_t written[BYTES_MAX];
    uint8_t answer[BYTES_MAX];
    size_t written_len = unhex(row->written, written);
    size_t answer_len = unhex(row->answer, answer);
    unsigned count;

    bring_to(row->before);
    count = peer.notify_count;
    ck_assert_uint_eq(peer_control(&peer, written, written_len), 0);
    ck_assert_msg(peer.notify_count == count + (answer_len > 0 ? 1 : 0), "row %d '%s': %u answers",
                  _i, row->written, peer.notify_count - count);
    if (answer_len > 0) {
        ck_assert_uint_eq(peer.notify_attr, OTAS_CONTROL);
        ck_assert_msg(
            peer.notify_len == answer_len && memcmp(peer.notify_bytes, answer, answer_len) == 0,
            "row %d '%s': another answer, result %u", _i, row->written, peer.notify_bytes[2]);
    }
    ck_assert_msg(otas_get_state(&peer.server) == row->after, "row %d '%s': state %u", _i,
                  row->written, (unsigned)otas_get_state(&peer.server));
    ck_assert_uint_eq(peer.reset_count, strcmp(row->written, "05") == 0);
    ck_assert_uint_eq(peer.reset_ms, peer.reset_count == 0 ? 0 : 500);
    ck_assert(peer_device_intact(&peer));
}
END_TEST

START_TEST(test_profile_request_of_other_length_is_not_supported)
{
    static const uint8_t refused[13] = {1, 2, 2};
    uint8_t written[80];
    size_t len = unhex(REQUEST, written);

    memset(written + len, 0, sizeof written - len);
    for (len = 1; len <= sizeof written; len++) {
        bool resume = len % 2 == 0;

        bring_to(OTAS_STATE_IDLE);
        peer.config.resume = resume;
        ck_assert_uint_eq(peer_control(&peer, written, len), 0);
        ck_assert_uint_eq(peer.notify_len, 13);
        if (len == 14 || len == 19) {
            ck_assert_uint_eq(peer.notify_bytes[2], 0);
        } else {
            ck_assert_mem_eq(peer.notify_bytes, refused, sizeof refused);
        }
    }
}
END_TEST

START_TEST(test_profile_refusal_of_the_application_is_not_supported)
{
    bring_to(OTAS_STATE_IDLE);
    peer.permission = OTAS_ERR_REFUSED;
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 2);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
    ck_assert_uint_eq(otas_get_state(&peer.server), OTAS_STATE_IDLE);
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
    ck_assert_uint_eq(peer_last_event(&peer).code, OTAS_ERR_REFUSED);
}
END_TEST

START_TEST(test_profile_request_reaches_the_application_as_sent)
{
    uint8_t written[BYTES_MAX];
    size_t len = unhex("02 E0090000 0000009B 00020401 01 3412 02 7856", written);

    bring_to(OTAS_STATE_IDLE);
    ck_assert_uint_eq(peer_control(&peer, written, len), 0);
    ck_assert_uint_eq(peer.asked.image_len, 2528);
    ck_assert_uint_eq(peer.asked.image_id, 0x9B000000);
    ck_assert_uint_eq(peer.asked.version, 0x01040200);
    ck_assert(peer.asked.encrypted && peer.asked.has_file && !peer.asked.has_transfer_id);
    ck_assert_uint_eq(peer.asked.checksum, 0x1234);
    ck_assert_uint_eq(peer.asked.file_type, 2);
    ck_assert_uint_eq(peer.asked.crc, 0x5678);
}
END_TEST

/* ---- data ------------------------------------------------------------------------------------- */

struct data_row {
    enum otas_state before; /* RECEIVING: 1200 bytes were sent */
    unsigned pieces[6];     /* lengths, 0 ends */
    int answer;             /* to the last one; -1: none. None to those before */
    enum otas_state after;
};

static const struct data_row data_rows[] = {
    {IDLE, {20}, 1, IDLE},
    {REQUESTED, {20}, 1, REQUESTED},
    {RECEIVED, {20}, 1, RECEIVED},
    {FAILED, {20}, 1, FAILED},
    {RECEIVING, {1}, -1, RECEIVING},
    {RECEIVING, {512, 335}, -1, RECEIVING},   /* 2047 */
    {RECEIVING, {512, 336}, 0, RECEIVING},    /* 2048: a group */
    {RECEIVING, {512, 335, 1}, 0, RECEIVING}, /* in another cut */
    {RECEIVING, {512, 335, 2}, 3, FAILED},    /* beyond the group */
    {RECEIVING, {512, 337}, 3, FAILED},       /* likewise */
};

START_TEST(test_profile_data_answers_as_in_the_table)
{
    const struct data_row *row = &data_rows[_i];
    uint32_t at = 1200;
    unsigned count;

    bring_to(row->before);
    count = peer.notify_count;
    for (unsigned i = 0; row->pieces[i] != 0; i++) {
        ck_assert_uint_eq(peer.notify_count, count);
        ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, image_bytes + at, row->pieces[i]), 0);
        at += row->pieces[i];
    }
    ck_assert_uint_eq(peer.notify_count, count + (row->answer >= 0 ? 1 : 0));
    if (row->answer >= 0) {
        ck_assert_uint_eq(peer.notify_attr, OTAS_DATA);
        ck_assert_uint_eq(peer.notify_len, 1);
        ck_assert_int_eq(peer.notify_bytes[0], row->answer);
    }
    ck_assert_uint_eq(otas_get_state(&peer.server), row->after);
}
END_TEST

/* What is wrong with a device, the image or the request. */
static struct peer_image offered;
static struct fake_crypto fake;
static struct otav_crypto crypto;

static void other_product(void)
{
    peer.device.product[0] ^= 1;
}

static void revoked_key(void)
{
    peer.device.keys[0].revoked = true;
}

static void low_counter(void)
{
    peer.device.counter_floor = 4;
}

static void bad_signature(void)
{
    image_bytes[OTAV_META_SIG_OFF + 20] ^= 1;
}

static void other_version_requested(void)
{
    offered.version++;
}

static void not_encrypted_in_spite_of_request(void)
{
    offered.encrypted = true;
}

static void failing_erase(void)
{
    peer.config.resume = false; /* which erases first, and goes on without */
    peer.sim.fail_op = NVM_ERASE;
    peer.sim.fail_nth = 1;
}

static void failing_program(void)
{
    peer.config.resume = false;
    peer.sim.fail_op = NVM_PROGRAM;
    peer.sim.fail_nth = 1;
}

static void failing_crypto(void)
{
    crypto = fake_crypto_init(&fake, &otav_crypto_openssl);
    fake_crypto_plan(&fake, FAKE_SHA256_BEGIN, 1, true, OTAV_REJECT);
    peer.platform.crypto = &crypto;
}

static void battery_below_the_image(void)
{
    image_set_u32s(&image, OTAV_ATTR_MIN_BATTERY, 50, 0, 4);
    image_write_area(&image);
    image_sign(&image, &signer);
    (void)image_payload(&image, false, image_bytes);
    peer.battery = 49;
}

struct verdict_row {
    void (*spoil)(void);
    uint32_t code;
    uint8_t answer; /* to the first group */
};

/* ours: 04 to what would be refused again, 03 to what may be taken at another time */
static const struct verdict_row verdict_rows[] = {
    {other_version_requested, OTAV_ERR_HEADER_REVISION, 4},
    {not_encrypted_in_spite_of_request, OTAV_ERR_DECRYPT, 4},
    {revoked_key, OTAV_ERR_KEY_REVOKED, 4},
    {bad_signature, OTAV_ERR_METADATA_SIGNATURE, 4},
    {other_product, OTAV_ERR_PRODUCT, 4},
    {low_counter, OTAV_ERR_COUNTER, 4},
    {failing_erase, OTAV_ERR_FLASH_ERASE, 3},
    {failing_program, OTAV_ERR_FLASH_PROGRAM, 3},
    {failing_crypto, OTAV_ERR_CRYPTO, 3},
    {battery_below_the_image, OTAS_ERR_BATTERY, 3},
};

START_TEST(test_profile_data_tells_refused_from_failed)
{
    const struct verdict_row *row = &verdict_rows[_i];

    bring_to(OTAS_STATE_IDLE);
    offered = sent;
    row->spoil();
    ck_assert_uint_eq(peer_request(&peer, &offered, 14), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_msg(peer_send(&peer, &offered, 0, IMAGE_LEN, 244) == row->answer, "row %d: answer %u",
                  _i, peer.notify_bytes[0]);
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
    ck_assert_uint_eq(peer_last_event(&peer).code, row->code);
    ck_assert_uint_eq(peer_last_event(&peer).done_len, 0);
    ck_assert_uint_eq(otas_get_state(&peer.server), OTAS_STATE_FAILED);
}
END_TEST

START_TEST(test_profile_last_group_ends_with_the_image)
{
    bring_to(OTAS_STATE_RECEIVING);
    ck_assert_uint_eq(peer_send(&peer, &sent, 1200, 2048 + 479, 514), 0);
    ck_assert_uint_eq(otas_get_state(&peer.server), OTAS_STATE_RECEIVING);
    (void)otas_write(&peer.server, OTAS_DATA, image_bytes + 2527, 1);
    ck_assert_uint_eq(peer.notify_attr, OTAS_DATA);
    ck_assert_uint_eq(peer.notify_bytes[0], 0);
    ck_assert_uint_eq(otas_get_state(&peer.server), OTAS_STATE_RECEIVED);

    bring_to(OTAS_STATE_RECEIVING);
    ck_assert_uint_eq(peer_send(&peer, &sent, 1200, 2048 + 479, 514), 0);
    (void)otas_write(&peer.server, OTAS_DATA, image_bytes, 2);
    ck_assert_uint_eq(peer.notify_bytes[0], 3);
    ck_assert_uint_eq(peer_last_event(&peer).code, OTAS_ERR_OVERFLOW);
}
END_TEST

START_TEST(test_profile_complete_commits_asks_the_bootloader_and_is_final)
{
    for (unsigned good = 0; good < 2; good++) {
        bring_to(OTAS_STATE_RECEIVED);
        peer.authentic = good == 1;
        ck_assert(!peer_slot_holds(&peer, image_bytes, IMAGE_LEN));
        ck_assert_uint_eq(peer_complete(&peer), good == 1 ? 0 : 3);
        ck_assert_uint_eq(peer.authenticate_count, 1);
        ck_assert(peer_slot_holds(&peer, image_bytes, good == 1 ? IMAGE_LEN : 0));
        ck_assert_uint_eq(peer_last_event(&peer).event, good == 1 ? OTAS_STAGED : OTAS_FAILED);
        ck_assert_uint_eq(peer_last_event(&peer).code, good == 1 ? 0 : OTAS_ERR_AUTHENTICATE);
        ck_assert_uint_eq(peer_complete(&peer), good == 1 ? 1 : 0);
        ck_assert_uint_eq(peer.authenticate_count, 1);
    }
}
END_TEST

/* ---- attributes ------------------------------------------------------------------------------- */

static void check_uuid(const char *text, const uint8_t uuid[OTAS_UUID_LEN])
{
    char digits[40];
    size_t count = 0;
    uint8_t bytes[BYTES_MAX];

    for (; *text != '\0'; text++) {
        if (*text != '-') {
            digits[count] = *text;
            count++;
        }
    }
    digits[count] = '\0';
    ck_assert_uint_eq(unhex(digits, bytes), OTAS_UUID_LEN);
    for (unsigned i = 0; i < OTAS_UUID_LEN; i++) {
        ck_assert_uint_eq(uuid[i], bytes[OTAS_UUID_LEN - 1 - i]);
    }
}

START_TEST(test_profile_table_names_the_stock_attributes)
{
    check_uuid("4D434850-253D-46B3-9923-E61B8E8215D7", otas_service_uuid);
    check_uuid("4D434850-22E4-4246-AF03-0C4A2F906358", otas_attributes[OTAS_FEATURE].uuid);
    check_uuid("4D434850-9327-45DE-8882-C97F39028A76", otas_attributes[OTAS_CONTROL].uuid);
    check_uuid("4D434850-34D9-40A6-BA7E-56F57C8CD478", otas_attributes[OTAS_DATA].uuid);
    ck_assert_uint_eq(otas_attributes[OTAS_FEATURE].properties, 0x02);
    ck_assert_uint_eq(otas_attributes[OTAS_CONTROL].properties, 0x18);
    ck_assert_uint_eq(otas_attributes[OTAS_DATA].properties, 0x14);
    for (unsigned i = 0; i < OTAS_ATTR_COUNT; i++) {
        ck_assert(otas_attributes[i].encrypted);
        ck_assert(i == 0 || otas_attributes[i].handle_off > otas_attributes[i - 1].handle_off);
    }
}
END_TEST

START_TEST(test_profile_feature_is_stock_unless_resume_is_offered)
{
    static const uint8_t off[2] = {0, 0};
    uint8_t value[2] = {9, 9};
    size_t len = 9;

    bring_to(OTAS_STATE_IDLE);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_CONTROL_CCCD, off, 2), 0);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_FEATURE, value, &len), 0xFD);
    ck_assert_uint_eq(value[0], 9);
    ck_assert_uint_eq(len, 9);
    peer_connect(&peer, 23);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_FEATURE, value, &len), 0);
    ck_assert(len == 2 && value[0] == 0x01 && value[1] == 0x81);
    peer.config.resume = false;
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_FEATURE, value, &len), 0);
    ck_assert(len == 2 && value[0] == 0x01 && value[1] == 0x01);
    peer.config.resume = true;
    peer.platform.mailbox = NULL;
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_FEATURE, value, &len), 0);
    ck_assert_uint_eq(value[1], 0x01);
}
END_TEST

START_TEST(test_profile_nothing_without_encryption)
{
    static const uint8_t bytes[2] = {1, 0};
    uint8_t value[2];
    size_t len;

    bring_to(OTAS_STATE_IDLE);
    otas_connected(&peer.server, 247, false);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_FEATURE, value, &len), 0x0F);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_DATA_CCCD, value, &len), 0x0F);
    for (unsigned i = OTAS_CONTROL; i < OTAS_ATTR_COUNT; i++) {
        ck_assert_uint_eq(otas_write(&peer.server, (enum otas_attr)i, bytes, 2), 0x0F);
    }
    otas_encryption_changed(&peer.server, true);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_DATA_CCCD, value, &len), 0);
    ck_assert(len == 2 && value[0] == 0 && value[1] == 0);
}
END_TEST

START_TEST(test_profile_att_errors)
{
    static const uint8_t on[2] = {1, 0};
    static const uint8_t off[2] = {0, 0};
    static const uint8_t indicate[2] = {2, 0};
    uint8_t value[2] = {0};
    size_t len = 0;

    bring_to(OTAS_STATE_RECEIVING);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_ATTR_COUNT, value, &len), 0x01);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_ATTR_COUNT, on, 2), 0x01);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_CONTROL, value, &len), 0x02);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_DATA, value, &len), 0x02);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_FEATURE, on, 2), 0x03);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_CONTROL, on, 0), 0x0D);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, on, 0), 0x0D);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, image_bytes, 515), 0x0D);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA_CCCD, on, 1), 0x0D);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA_CCCD, indicate, 2), 0xFD);
    ck_assert_uint_eq(otas_read(&peer.server, OTAS_DATA_CCCD, value, &len), 0);
    ck_assert(len == 2 && value[0] == 1 && value[1] == 0);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA_CCCD, off, 2), 0);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, image_bytes, 20), 0xFD);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_CONTROL_CCCD, off, 2), 0);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_CONTROL, on, 2), 0xFD);
    ck_assert_uint_eq(otas_get_state(&peer.server), OTAS_STATE_RECEIVING);
}
END_TEST

START_TEST(test_profile_response_waits_for_the_stack)
{
    static const uint8_t start[2] = {3, 1};

    bring_to(OTAS_STATE_REQUESTED);
    peer.notify_blocked = true;
    ck_assert_uint_eq(peer_control(&peer, start, 2), 0);
    ck_assert_uint_eq(peer_control(&peer, start, 2), 0xFE);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, image_bytes, 20), 0xFE);
    peer_wait(&peer, 300);
    ck_assert_uint_eq(peer.notify_count, 1);
    peer.notify_blocked = false;
    peer_wait(&peer, 100);
    ck_assert_uint_eq(peer.notify_count, 2);
    ck_assert(peer.notify_len == 3 && memcmp(peer.notify_bytes, "\x01\x03\x00", 3) == 0);
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, image_bytes, 20), 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_profile_control_answers_as_in_the_table, 0,
                        sizeof control_rows / sizeof control_rows[0]);
    tcase_add_test(tcase, test_profile_request_of_other_length_is_not_supported);
    tcase_add_test(tcase, test_profile_refusal_of_the_application_is_not_supported);
    tcase_add_test(tcase, test_profile_request_reaches_the_application_as_sent);
    tcase_add_loop_test(tcase, test_profile_data_answers_as_in_the_table, 0,
                        sizeof data_rows / sizeof data_rows[0]);
    tcase_add_loop_test(tcase, test_profile_data_tells_refused_from_failed, 0,
                        sizeof verdict_rows / sizeof verdict_rows[0]);
    tcase_add_test(tcase, test_profile_last_group_ends_with_the_image);
    tcase_add_test(tcase, test_profile_complete_commits_asks_the_bootloader_and_is_final);
    tcase_add_test(tcase, test_profile_table_names_the_stock_attributes);
    tcase_add_test(tcase, test_profile_feature_is_stock_unless_resume_is_offered);
    tcase_add_test(tcase, test_profile_nothing_without_encryption);
    tcase_add_test(tcase, test_profile_att_errors);
    tcase_add_test(tcase, test_profile_response_waits_for_the_stack);
}

int main(void)
{
    return unit_main("service_profile", add_tests);
}
