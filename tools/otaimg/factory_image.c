/*
 * Placing what the factory programs.
 *
 * Layer: output, above the firmware loaders. Invariant: the areas are disjoint and each input is
 * confined to its own, so nothing can cover anything else, and the floor page stays erased.
 */
#include "factory_image.h"

#include <stdlib.h>
#include <string.h>

#include <otav/otav_config.h>

#include "diag.h"
#include "util.h"

struct area {
    uint32_t start;
    uint32_t end;
    const char *name;
};

#define FLOOR_END (OTAV_FLOOR_ADDRESS + OTAV_PAGE_LEN)
/* Stack pointer and reset vector. */
#define VECTORS_LEN 8u

/* Ascending, without gaps; those without a name are for code. */
static const struct area boot_areas[] = {
    {OTAV_BOOT_ADDRESS, OTAV_FLOOR_ADDRESS, NULL},
    {OTAV_FLOOR_ADDRESS, FLOOR_END, "the page of version floor and revocations"},
    {FLOOR_END, OTAV_PROVISION_ADDRESS, NULL},
    {OTAV_PROVISION_ADDRESS, OTAV_BOOT_END, "the place of the provisioning record"},
};

#define BOOT_AREA_COUNT (sizeof boot_areas / sizeof boot_areas[0])

/* ---- bootloader ------------------------------------------------------------------------------- */

struct boot_check {
    const char *path;
    uint32_t vectors; /* bytes of the vector table that are there */
};

static enum ox fail_place(const char *path, uint32_t address, const struct area *area)
{
    enum ox ox;

    if (area == NULL) {
        ox = diag_fail(OX_MALFORMED, "%s: data at 0x%08x is outside the boot flash 0x%08x..0x%08x",
                       path, address, OTAV_BOOT_ADDRESS, OTAV_BOOT_END - 1);
    } else {
        ox = diag_fail(OX_MALFORMED, "%s: data at 0x%08x is in %s 0x%08x..0x%08x", path, address,
                       area->name, area->start, area->end - 1);
    }
    diag_hint("bootloader code goes into 0x%08x..0x%08x and 0x%08x..0x%08x", OTAV_BOOT_ADDRESS,
              OTAV_FLOOR_ADDRESS - 1, FLOOR_END, OTAV_PROVISION_ADDRESS - 1);
    return ox;
}

static enum ox check_boot_piece(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct boot_check *check = user;
    uint64_t end = (uint64_t)address + len;
    uint64_t at = address;

    (void)bytes;
    for (size_t i = 0; i < BOOT_AREA_COUNT && at < end; i++) {
        const struct area *area = &boot_areas[i];

        if (at < area->start || at >= area->end) {
            continue;
        }
        if (area->name != NULL) {
            return fail_place(check->path, (uint32_t)at, area);
        }
        at = area->end;
    }
    if (at < end) {
        return fail_place(check->path, (uint32_t)at, NULL);
    }
    if (address < OTAV_BOOT_ADDRESS + VECTORS_LEN) {
        uint64_t last = end < VECTORS_LEN ? end : VECTORS_LEN;

        check->vectors += (uint32_t)(last - address);
    }
    return OX_OK;
}

enum ox factory_check_bootloader(const struct fw_image *bootloader)
{
    struct boot_check check = {.path = fw_get_path(bootloader)};
    enum ox ox = OX_OK;

    if (fw_get_format(bootloader) == FW_BIN) {
        return diag_fail(OX_MALFORMED, "%s: no addresses in it, expected ELF, HEX or S-record",
                         check.path);
    }
    ox = fw_for_each(bootloader, check_boot_piece, &check);
    if (ox == OX_OK && check.vectors != VECTORS_LEN) {
        ox = diag_fail(OX_MALFORMED,
                       "%s: no vector table, expected data in 0x%08x..0x%08x as of a bootloader",
                       check.path, OTAV_BOOT_ADDRESS, OTAV_BOOT_ADDRESS + VECTORS_LEN - 1);
    }
    return ox;
}

/* ---- configuration words ---------------------------------------------------------------------- */

/* The part of a piece of data that is in [start, end); false when there is none. */
static bool clip(uint32_t start, uint32_t end, uint32_t *address, const uint8_t **bytes,
                 size_t *len)
{
    uint64_t from = *address > start ? *address : start;
    uint64_t to = (uint64_t)*address + *len < end ? (uint64_t)*address + *len : end;

    if (from >= to) {
        return false;
    }
    *bytes += from - *address;
    *address = (uint32_t)from;
    *len = (size_t)(to - from);
    return true;
}

static enum ox count_main_words(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    uint32_t *count = user;

    if (clip(OTAV_FUSES_MAIN_ADDRESS, OTAV_FUSES_END, &address, &bytes, &len)) {
        *count += (uint32_t)len;
    }
    return OX_OK;
}

struct build {
    const struct fw_image *app_hex;
};

static enum ox compare_firmware(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    const struct fw_image *app_hex = ((const struct build *)user)->app_hex;
    uint8_t *expected = xmalloc(len);
    enum ox ox = fw_read(app_hex, OTAV_FW_ADDRESS + offset, expected, len);

    for (size_t i = 0; ox == OX_OK && i < len; i++) {
        if (expected[i] != bytes[i]) {
            ox = diag_fail(OX_MALFORMED,
                           "%s: byte at 0x%08x differs from the signed application, expected the "
                           "build that was signed",
                           fw_get_path(app_hex), OTAV_FW_ADDRESS + offset + (uint32_t)i);
        }
    }
    free(expected);
    return ox;
}

/* Words of another build may set up a device that this application does not expect. */
static enum ox check_same_build(const struct fw_image *app_hex, const struct ota_file *application,
                                uint32_t data_len)
{
    struct build build = {app_hex};
    uint8_t metadata[OTAV_META_LEN];
    uint32_t fw_len = 0;
    enum ox ox = ota_file_metadata(application, metadata);

    if (ox != OX_OK) {
        return ox;
    }
    fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);
    if (data_len > fw_len) {
        return diag_fail(OX_MALFORMED,
                         "%s: data up to 0x%08x, expected at most the %u bytes of the signed "
                         "application",
                         fw_get_path(app_hex), OTAV_FW_ADDRESS + data_len - 1, fw_len);
    }
    return ota_file_for_each_firmware(application, fw_len, compare_firmware, &build);
}

enum ox factory_check_app_hex(const struct fw_image *app_hex, const struct ota_file *application)
{
    const struct fw_layout layout = {OTAV_SLOT0_ADDRESS, OTAV_FW_ADDRESS,
                                     OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN};
    uint32_t data_len = 0;
    uint32_t words = 0;
    enum ox ox = fw_check_layout(app_hex, &layout, &data_len);

    if (ox == OX_OK) {
        ox = fw_for_each(app_hex, count_main_words, &words);
    }
    if (ox == OX_OK && words == 0) {
        ox = diag_fail(OX_MALFORMED, "%s: no configuration words, expected data in 0x%08x..0x%08x",
                       fw_get_path(app_hex), OTAV_FUSES_MAIN_ADDRESS, OTAV_FUSES_END - 1);
        diag_hint("a device without them does not start as the application expects; take the HEX "
                  "file that the linker wrote");
    }
    return ox == OX_OK ? check_same_build(app_hex, application, data_len) : ox;
}

/* ---- output ----------------------------------------------------------------------------------- */

struct placing {
    struct ihex_writer writer;
    struct factory_sizes sizes;
};

static enum ox put_boot_piece(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct placing *p = user;

    p->sizes.bootloader += (uint32_t)len;
    return ihex_write(&p->writer, address, bytes, len);
}

static enum ox put_config_words(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct placing *p = user;

    if (!clip(OTAV_FUSES_ADDRESS, OTAV_FUSES_END, &address, &bytes, &len)) {
        return OX_OK;
    }
    p->sizes.config_words += (uint32_t)len;
    return ihex_write(&p->writer, address, bytes, len);
}

static enum ox put_firmware(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct placing *p = user;

    return ihex_write(&p->writer, OTAV_FW_ADDRESS + offset, bytes, len);
}

static enum ox put_application(struct placing *p, const struct ota_file *application)
{
    uint8_t metadata[OTAV_META_LEN];
    uint32_t fw_len = 0;
    enum ox ox = ota_file_metadata(application, metadata);

    if (ox == OX_OK) {
        fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);
        p->sizes.application = OTAV_META_LEN + fw_len;
        ox = ihex_write(&p->writer, OTAV_SLOT0_ADDRESS, metadata, sizeof metadata);
    }
    return ox == OX_OK ? ota_file_for_each_firmware(application, fw_len, put_firmware, p) : ox;
}

enum ox factory_write(const struct factory_image *factory, ihex_sink *sink, void *user,
                      struct factory_sizes *ret)
{
    struct placing p;
    enum ox ox;

    memset(&p, 0, sizeof p);
    ihex_begin(&p.writer, sink, user);
    ox = fw_for_each(factory->bootloader, put_boot_piece, &p);
    if (ox == OX_OK) {
        ox = ihex_write(&p.writer, OTAV_PROVISION_ADDRESS, factory->record, OTAV_PROVISION_LEN);
    }
    if (ox == OX_OK) {
        ox = fw_for_each(factory->app_hex, put_config_words, &p);
    }
    if (ox == OX_OK) {
        ox = put_application(&p, factory->application);
    }
    if (ox == OX_OK) {
        ox = ihex_end(&p.writer);
    }
    wipe(p.writer.pending, sizeof p.writer.pending);
    if (ox == OX_OK) {
        *ret = p.sizes;
    }
    return ox;
}
