/*
 * Fuzz target: any peer of the OTA service. The input is a script: writes of any bytes to any
 * attribute, ticks, lost links and resets, a stack that cannot send, and pieces of an image that the
 * device would take, so that the fuzzer gets behind the signatures. Some devices take compressed
 * transfers.
 *
 * What must hold whatever the peer does: answers have the profile's form, mails of the application
 * stay in the mailbox, and a slot with a first unit holds an image that verifies.
 *
 * Layer: test; reads no files. Input: 512 bytes of metadata and 2048 of firmware, what the device has
 * (enum trait), then the script.
 */
#include <string.h>

#include <boot_mailbox.h>
#include <otas.h>
#include <otav/otav_inflate.h>

#include "fuzz_device.h"
#include "fuzz_mute.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGE_LEN = 12288, GIVEN_LEN = OTAV_META_LEN + 2048, PIECE_LEN = 240 };

enum step {
    STEP_WRITE, /* attribute, length, bytes */
    STEP_PIECE, /* length: the next bytes of the image */
    STEP_GROUP, /* the image up to the end of the group */
    STEP_ENTER, /* a request that fits, and start */
    STEP_TICK,  /* hundreds of ms */
    STEP_LINK,  /* lost, and back with MTU */
    STEP_RESET, /* lost power */
    STEP_BLOCK, /* the stack sends or not */
    STEP_READ,  /* attribute */
    STEP_COUNT
};

/* Bits of the byte before the script. */
enum trait {
    TRAIT_MAIL = 1,
    TRAIT_INFLATE = 4 /* takes compressed transfers; units of the one on the air follow */
};

struct script {
    const uint8_t *bytes;
    size_t len;
};

static struct otas_server server;
static struct otas_platform platform;
static struct otas_config config;
static struct otav_config device;
static struct otav_flash mailbox;
static uint8_t mail_page[OTAV_PAGE_LEN];
static struct otav_inflate inflate;
static const struct otav_decoder decoder = OTAV_INFLATE_DECODER(&inflate);
static uint8_t image[IMAGE_LEN]; /* as it is on the air, image_len bytes */
static uint32_t image_len;
static uint32_t image_at;
static uint32_t now_ms;
static bool blocked;

/* ---- platform --------------------------------------------------------------------------------- */

static uint32_t mail_read(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    (void)user;
    fuzz_expect(offset <= sizeof mail_page && len <= sizeof mail_page - offset);
    memcpy(ret, mail_page + offset, len);
    return OTAV_ACCEPT;
}

static uint32_t mail_erase(void *user, uint32_t offset, size_t len)
{
    (void)user;
    fuzz_expect(offset == 0 && len == sizeof mail_page);
    memset(mail_page, 0xFF, sizeof mail_page);
    return OTAV_ACCEPT;
}

static uint32_t mail_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)user;
    fuzz_expect(offset % OTAV_UNIT_LEN == 0 && len == OTAV_UNIT_LEN &&
                offset <= sizeof mail_page - len);
    fuzz_expect(otab_is_blank(mail_page + offset, len));
    memcpy(mail_page + offset, bytes, len);
    return OTAV_ACCEPT;
}

static bool is_response(const uint8_t *bytes, size_t len)
{
    return (len == 13 || len == 3) && bytes[0] == 1 && bytes[2] <= OTAS_INVALID_PARAMETER &&
           (len == 13) == (bytes[1] == OTAS_OP_REQUEST);
}

static bool notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    (void)user;
    if (attr == OTAS_DATA) {
        fuzz_expect(len == 1 && bytes[0] <= OTAS_INVALID_PARAMETER);
    } else {
        fuzz_expect(attr == OTAS_CONTROL && is_response(bytes, len));
    }
    if (!blocked && attr == OTAS_CONTROL && len == 13 && bytes[2] == OTAS_SUCCESS) {
        image_at = otav_load_u32(bytes + 5);
        fuzz_expect(image_at % OTAS_GROUP_LEN == 0);
    }
    return !blocked;
}

static void reset(void *user, uint32_t after_ms)
{
    (void)user;
    fuzz_expect(after_ms == OTAS_RESET_MS);
}

static void report(void *user, const struct otas_status *status)
{
    (void)user;
    fuzz_expect(status->event > OTAS_NOTHING && status->event <= OTAS_STAGED);
    fuzz_expect((status->event == OTAS_FAILED || status->event == OTAS_SUSPENDED) ==
                (status->code != 0));
    fuzz_expect(status->done_len <= status->total_len);
}

/* ---- the script ------------------------------------------------------------------------------- */

static uint8_t take(struct script *script)
{
    uint8_t byte = 0;

    if (script->len > 0) {
        byte = script->bytes[0];
        script->bytes++;
        script->len--;
    }
    return byte;
}

static void write_some(struct script *script)
{
    enum otas_attr attr = (enum otas_attr)(take(script) % (OTAS_ATTR_COUNT + 1));
    size_t len = take(script);
    uint8_t *bytes; /* on the heap at their exact length */

    len = len < script->len ? len : script->len;
    bytes = xmalloc(len + 1);
    memcpy(bytes, script->bytes, len);
    bytes = xrealloc(bytes, len > 0 ? len : 1);
    script->bytes += len;
    script->len -= len;
    (void)otas_write(&server, attr, bytes, len);
    free(bytes);
}

static void send_piece(size_t len)
{
    size_t rest = image_at < image_len ? image_len - image_at : 0;

    len = len < rest ? len : rest;
    if (otas_write(&server, OTAS_DATA, image + image_at, len) == OTAS_ATT_OK) {
        image_at += (uint32_t)len;
    }
}

static void send_group(void)
{
    uint32_t rest = OTAS_GROUP_LEN - image_at % OTAS_GROUP_LEN;

    while (rest > 0) {
        uint32_t len = rest < PIECE_LEN ? rest : PIECE_LEN;

        send_piece(len);
        rest -= len;
    }
}

static void enter(uint8_t choice)
{
    static const uint8_t start[] = {OTAS_OP_START, 1};
    static const size_t lens[] = {OTAS_REQUEST_LEN, OTAS_REQUEST_LONG_LEN, OTAS_REQUEST_RESUME_LEN,
                                  OTAS_REQUEST_RESUME_LEN};
    uint8_t request[OTAS_REQUEST_RESUME_LEN] = {OTAS_OP_REQUEST};

    otav_store_u32(request + 1, image_len);
    otav_store_u32(request + 5, device.image_id);
    otav_store_u32(request + 9, otav_load_u32(image + OTAV_META_FW_REVISION_OFF));
    request[13] = choice >> 7;
    request[19] = choice >> 6 & 1;
    (void)otas_write(&server, OTAS_CONTROL, request, lens[choice & 3]);
    (void)otas_write(&server, OTAS_CONTROL, start, sizeof start);
}

static void connect(uint8_t mtu)
{
    static const uint8_t on[] = {1, 0};

    otas_connected(&server, (uint16_t)(mtu * 3), true);
    (void)otas_write(&server, OTAS_CONTROL_CCCD, on, sizeof on);
    (void)otas_write(&server, OTAS_DATA_CCCD, on, sizeof on);
}

static void change_link(uint8_t choice)
{
    if (choice < 2) {
        otas_encryption_changed(&server, choice == 1);
    } else if (choice < 8) {
        otas_mtu_changed(&server, (uint16_t)(choice * 40));
    } else {
        otas_disconnected(&server);
        connect(choice);
    }
}

static void read_one(uint8_t attr)
{
    uint8_t value[OTAS_VALUE_MAX_LEN] = {0xA5, 0xA5};
    size_t len = 77;
    uint8_t error = otas_read(&server, (enum otas_attr)(attr % (OTAS_ATTR_COUNT + 1)), value, &len);

    fuzz_expect(error == OTAS_ATT_OK ? len == 2 : len == 77 && value[0] == 0xA5);
}

static void do_step(struct script *script)
{
    switch ((enum step)(take(script) % STEP_COUNT)) {
    case STEP_WRITE:
        write_some(script);
        break;
    case STEP_PIECE:
        send_piece((size_t)2 * take(script));
        break;
    case STEP_GROUP:
        send_group();
        break;
    case STEP_ENTER:
        enter(take(script));
        break;
    case STEP_TICK:
        now_ms += take(script) * 100u;
        otas_tick(&server, now_ms);
        break;
    case STEP_LINK:
        change_link(take(script));
        break;
    case STEP_RESET:
        otav_close(&server.ctx); /* what the crypto holds is the process's, not the device's */
        memset(&inflate, 0xA5, sizeof inflate);
        otas_init(&server, &config, &platform);
        connect(82);
        break;
    case STEP_BLOCK:
        blocked = take(script) % 2 == 1;
        break;
    case STEP_READ:
        read_one(take(script));
        break;
    case STEP_COUNT:
        break;
    }
}

/* ---- one run ---------------------------------------------------------------------------------- */

static void put_mail(uint8_t *record)
{
    uint32_t check;

    memset(record, 0, OTAB_MAIL_LEN);
    otav_store_u32(record + OTAB_MAIL_TYPE, OTAB_MAIL_CONFIRM);
    check = otab_log_check(record, OTAB_MAIL_CHECK);
    otav_store_u32(record + OTAB_MAIL_CHECK, check);
    otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~check);
}

static void set_up(const struct otav_flash *slot, bool inflates)
{
    fuzz_device_config(&device, OTAV_POLICY_STRICT);
    mailbox = (struct otav_flash){NULL, mail_read, mail_erase, mail_program, NULL};
    platform = (struct otas_platform){.crypto = &fuzz_crypto,
                                      .slot = slot,
                                      .mailbox = &mailbox,
                                      .notify = notify,
                                      .reset = reset,
                                      .report = report};
    config = (struct otas_config){&device, true, 0, 0, inflates ? &decoder : NULL};
    image_at = 0;
    now_ms = 0;
    blocked = false;
    memset(mail_page, 0xFF, sizeof mail_page);
    otas_init(&server, &config, &platform);
    connect(82);
}

/* The slot's first unit stands only in front of an image that this device takes. */
static void check_slot(const struct otav_flash *slot)
{
    static const uint8_t blank[OTAV_UNIT_LEN] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static struct otav_context ctx;

    if (!fuzz_slot_is_committed() || memcmp(fuzz_slot_bytes(), blank, sizeof blank) == 0) {
        return;
    }
    fuzz_expect(otav_verify_slot(&ctx, &device, &fuzz_crypto, slot, OTAV_INSTALL) == OTAV_OK);
    otav_close(&ctx);
}

/* What is given, then filling. Firmware that is not compressed has the length that there is room for. */
static void set_image(const uint8_t *given, size_t given_len, bool compressed, uint8_t unit_count)
{
    memset(image, 0x5A, sizeof image);
    memcpy(image, given, given_len);
    image_len = IMAGE_LEN;
    if (compressed) {
        image_len = OTAV_META_LEN + (uint32_t)unit_count * OTAV_UNIT_LEN;
    } else {
        otav_store_u32(image + OTAV_META_FW_LEN_OFF, IMAGE_LEN - OTAV_META_LEN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct otav_flash *slot = fuzz_slot_reset();
    size_t given = size < GIVEN_LEN ? size : GIVEN_LEN;
    struct script script = {data + given, size - given};
    uint8_t mail[OTAB_MAIL_LEN];
    uint8_t traits = take(&script);
    bool has_mail = (traits & TRAIT_MAIL) != 0;
    bool inflates = (traits & TRAIT_INFLATE) != 0;

    fuzz_mute();
    set_up(slot, inflates);
    set_image(data, given, inflates, inflates ? take(&script) : 0);
    put_mail(mail);
    if (has_mail) {
        memcpy(mail_page + 3 * sizeof mail, mail, sizeof mail);
    }
    while (script.len > 0) {
        do_step(&script);
        check_slot(slot);
    }
    fuzz_expect(!has_mail || memcmp(mail_page + 3 * sizeof mail, mail, sizeof mail) == 0);
    otas_disconnected(&server);
    check_slot(slot);
    return 0;
}
