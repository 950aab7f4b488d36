/*
 * Fuzz target: any bytes as an OTA file. The verifier must give the same result however the file is
 * cut and must never write a bad image's first unit; the tool's reading side must not stumble.
 *
 * So that the fuzzer gets behind the cryptography, the checksum is repaired before, signatures are
 * taken by a marker, hashing is cheap and decryption the identity.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <otav/otav_file.h>

#include "diag.h"
#include "inspection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_LEN = 8192, SLOT_LEN = 2 * OTAV_PAGE_LEN };

/* ---- stand-ins -------------------------------------------------------------------------------- */

static uint32_t hash_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
    return OTAV_ACCEPT;
}

static uint32_t hash_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                            size_t len)
{
    (void)user;
    for (size_t i = 0; i < len; i++) {
        state->opaque[0] = (state->opaque[0] ^ bytes[i]) * UINT64_C(0x100000001B3);
    }
    return OTAV_ACCEPT;
}

static uint32_t hash_final(void *user, struct otav_sha256_state *state,
                           uint8_t ret[OTAV_SHA256_LEN])
{
    (void)user;
    memset(ret, 0, OTAV_SHA256_LEN);
    memcpy(ret, state->opaque, 8);
    return OTAV_ACCEPT;
}

static void hash_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
}

/* Most signatures are good. */
static uint32_t verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                       const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    (void)user;
    (void)digest;
    return (rs[OTAV_SIGNATURE_LEN - 1] & 7) != (xy[0] & 7) ? OTAV_ACCEPT : OTAV_REJECT;
}

static uint32_t aes_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                          const uint8_t iv[16])
{
    (void)user;
    (void)state;
    (void)key;
    (void)iv;
    return OTAV_ACCEPT;
}

static uint32_t aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes, size_t len)
{
    (void)user;
    (void)state;
    (void)bytes;
    return len % OTAV_BLOCK_LEN == 0 ? OTAV_ACCEPT : OTAV_REJECT;
}

static void aes_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    (void)state;
}

static const struct otav_crypto crypto = {NULL,   hash_begin, hash_update, hash_final, hash_end,
                                          verify, aes_begin,  aes_decrypt, aes_end};

/* ---- a slot ----------------------------------------------------------------------------------- */

struct slot {
    uint8_t bytes[SLOT_LEN];
};

static uint32_t slot_read(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    const struct slot *slot = user;

    if (offset > SLOT_LEN || len > SLOT_LEN - offset) {
        return OTAV_REJECT;
    }
    memcpy(ret, slot->bytes + offset, len);
    return OTAV_ACCEPT;
}

static uint32_t slot_erase(void *user, uint32_t offset, size_t len)
{
    struct slot *slot = user;

    if (offset % OTAV_PAGE_LEN != 0 || len % OTAV_PAGE_LEN != 0) {
        abort();
    }
    if (offset > SLOT_LEN || len > SLOT_LEN - offset) {
        return OTAV_REJECT;
    }
    memset(slot->bytes + offset, 0xFF, len);
    return OTAV_ACCEPT;
}

static uint32_t slot_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct slot *slot = user;

    if (offset % OTAV_UNIT_LEN != 0 || len % OTAV_UNIT_LEN != 0) {
        abort();
    }
    if (offset > SLOT_LEN || len > SLOT_LEN - offset) {
        return OTAV_REJECT;
    }
    memcpy(slot->bytes + offset, bytes, len);
    return OTAV_ACCEPT;
}

/* ---- the verifier ----------------------------------------------------------------------------- */

/* That of the seeds. */
static const uint8_t product[16] = {0x7d, 0x7c, 0x9f, 0x0e, 0x3b, 0x53, 0x4c, 0x1e,
                                    0x9a, 0x86, 0x0a, 0x8f, 0x5c, 0x1d, 0x2e, 0x3f};

static void make_config(uint8_t choice, struct otav_config *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->policy = (choice & 1) != 0 ? OTAV_POLICY_STRICT : OTAV_POLICY_STOCK;
    ret->device_class = (choice & 2) != 0 ? OTAV_CLASS_PRODUCTION : OTAV_CLASS_DEVELOPMENT;
    ret->image_types = OTAV_ROLE_APPLICATION | OTAV_ROLE_BOOTLOADER;
    ret->key_count = 2;
    ret->keys[0] = (struct otav_key){{0}, OTAV_CLASS_PRODUCTION, OTAV_ROLE_APPLICATION, false};
    ret->keys[1] = (struct otav_key){{1}, OTAV_CLASS_DEVELOPMENT, OTAV_ROLE_BOOTLOADER, true};
    ret->has_identity = true;
    memcpy(ret->product, product, sizeof ret->product);
    ret->hardware_class = 0x102;
    ret->hardware_revision = 2;
    memcpy(ret->manufacturer, "MCHP", 4);
    ret->has_installed = (choice & 4) != 0;
    ret->installed_version = 0x01040100;
    ret->counter_floor = (choice & 32) != 0 ? 4 : 0;
    ret->has_decrypt_key = (choice & 8) == 0;
}

struct outcome {
    enum otav_err err;
    uint16_t detail;
    uint32_t verdict;
};

/* Feeds data in pieces of `piece` bytes (0 = lengths that data itself gives) and ends the context. */
static struct outcome feed_all(struct otav_context *ctx, enum otav_err err, const uint8_t *data,
                               size_t size, size_t piece)
{
    struct outcome outcome;

    for (size_t at = 0; err == OTAV_OK && at < size;) {
        size_t part = piece != 0 ? piece : 1u + data[at];

        part = part < size - at ? part : size - at;
        err = otav_feed(ctx, data + at, part);
        at += part;
    }
    if (err == OTAV_OK) {
        err = otav_finish(ctx);
    }
    outcome = (struct outcome){err, otav_get_detail(ctx), otav_verdict(ctx)};
    if ((outcome.verdict == OTAV_ACCEPT) != (err == OTAV_OK)) {
        abort();
    }
    return outcome;
}

static struct outcome verify_file(const struct otav_config *config, const uint8_t *data,
                                  size_t size, size_t piece)
{
    struct otav_context ctx = {.state = OTAV_CLOSED};
    struct outcome outcome;
    uint32_t sum = 0;
    enum otav_err err;

    for (size_t i = 0; i < size; i++) {
        sum += data[i];
    }
    err = otav_open_file(&ctx, config, &crypto, OTAV_INSTALL, (uint32_t)size, sum);
    outcome = feed_all(&ctx, err, data, size, piece);
    otav_close(&ctx);
    return outcome;
}

static void must_equal(struct outcome a, struct outcome b)
{
    if (a.err != b.err || a.detail != b.detail || a.verdict != b.verdict) {
        abort();
    }
}

/* The payload into a slot, cut in a way; the slot must hold an image exactly when it was accepted. */
static void write_slot(const struct otav_config *config, const struct otav_file *file,
                       const uint8_t *data, size_t piece, struct slot *slot, struct outcome *ret)
{
    const struct otav_flash flash = {slot, slot_read, slot_erase, slot_program};
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL, .encrypted = file->encrypted};
    struct otav_context ctx = {.state = OTAV_CLOSED};
    struct otav_context check = {.state = OTAV_CLOSED};
    enum otav_err err = otav_open(&ctx, config, &crypto, &flash, &transfer);
    bool committed;

    memset(slot->bytes, 0, sizeof slot->bytes);
    *ret = feed_all(&ctx, err, data + file->payload_off, file->payload_len, piece);
    committed = ret->err == OTAV_OK && otav_commit(&ctx) == OTAV_OK;
    otav_close(&ctx);
    err = otav_verify_slot(&check, config, &crypto, &flash, OTAV_BOOT);
    if (err == OTAV_OK && !committed) {
        abort(); /* a slot that boots without having been accepted */
    }
    otav_close(&check);
}

static void check_verifier(const struct otav_config *config, const uint8_t *data, size_t size)
{
    static struct slot slots[2];
    struct outcome outcomes[2];
    struct outcome whole = verify_file(config, data, size, size);
    struct otav_file file;
    uint16_t offset = 0;
    uint32_t sum = 0;

    must_equal(whole, verify_file(config, data, size, 1));
    must_equal(whole, verify_file(config, data, size, 0));
    for (size_t i = 0; i < size; i++) {
        sum += data[i];
    }
    if (otav_file_parse(data, size < OTAV_FILE_PREFIX_LEN ? size : OTAV_FILE_PREFIX_LEN,
                        (uint32_t)size, sum, &file, &offset) != OTAV_OK) {
        return;
    }
    write_slot(config, &file, data, size, &slots[0], &outcomes[0]);
    write_slot(config, &file, data, 0, &slots[1], &outcomes[1]);
    must_equal(outcomes[0], outcomes[1]);
    if (outcomes[0].err == OTAV_OK && memcmp(&slots[0], &slots[1], sizeof slots[0]) != 0) {
        abort();
    }
}

/* ---- the tool --------------------------------------------------------------------------------- */

static void check_tool(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", 0);
    struct inspection inspection;
    struct ota_file file;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    if (ota_file_from_fd("fuzz.ota", fd, &file) == OX_OK) {
        if (inspection_make(&file, NULL, &inspection) == OX_OK) {
            inspection_print(&inspection);
            if (inspection_print_json(&inspection) != OX_OK) {
                abort();
            }
            inspection_free(&inspection);
        }
        ota_file_close(&file);
    }
    close(fd);
}

static void mute(void)
{
    static FILE *null;

    if (null == NULL) {
        null = fopen("/dev/null", "w");
        if (null == NULL || freopen("/dev/null", "w", stdout) == NULL) {
            abort();
        }
        diag_set_stream(null);
    }
}

static void repair_checksum(uint8_t *data, size_t size)
{
    uint32_t sum = 0;

    if (size < OTAV_OTAU_LEN || data[OTAV_OTAU_HEADER_VERSION_OFF] != 1) {
        return;
    }
    otav_store_u16(data + OTAV_OTAU_CHECKSUM_OFF, 0);
    for (size_t i = 0; i < size; i++) {
        sum += data[i];
    }
    otav_store_u16(data + OTAV_OTAU_CHECKSUM_OFF, otav_file_checksum(sum));
}

/* Byte 0 chooses the device, bit 4 leaves the checksum as it is; the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct otav_config config;
    uint8_t *copy;

    if (size < 1 || size > MAX_LEN) {
        return 0;
    }
    mute();
    copy = malloc(size); /* its end is watched */
    memcpy(copy, data + 1, size - 1);
    if ((data[0] & 16) == 0) {
        repair_checksum(copy, size - 1);
    }
    make_config(data[0], &config);
    check_verifier(&config, copy, size - 1);
    check_tool(copy, size - 1);
    free(copy);
    return 0;
}
