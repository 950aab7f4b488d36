/*
 * Where the bytes of an application image may stand.
 *
 * Layer: input. Everything outside the slot is refused unless it is one of the areas that a WBZ451
 * build is known to carry along, because it would be lost without a word: only the slot travels.
 */
#include <assert.h>

#include <otav/otav_config.h>

#include "fw_impl.h"

struct area {
    uint32_t start;
    uint32_t end;
    const char *name;
};

/* spec: PIC32CX-BZ2 programming specification, memory map; pack for WBZ451, fuses */
static const struct area known_areas[] = {
    {0x00000000, 0x00007000, "boot flash"},
    {OTAV_FUSES_ADDRESS, OTAV_FUSES_END, "configuration words"},
};

/* Where stray data is likely to be found; the names make the message better. */
static const struct area named_areas[] = {
    {0x0107C000, 0x01080000, "the application data area"},
    {0x01080000, 0x01100000, "slot 1"},
    {0x20000000, 0x20020000, "RAM"},
};

static const struct area *find_area(const struct area *areas, size_t count, uint64_t address)
{
    for (size_t i = 0; i < count; i++) {
        if (address >= areas[i].start && address < areas[i].end) {
            return &areas[i];
        }
    }
    return NULL;
}

static enum ox fail_outside(const struct fw_image *image, const struct fw_layout *layout,
                            uint32_t address)
{
    struct src_pos pos = {image->path, 0, 0};
    const struct area *area =
        find_area(named_areas, sizeof named_areas / sizeof named_areas[0], address);

    if (area == NULL) {
        return diag_fail_at(OX_MALFORMED, &pos, "data at 0x%08x is outside the slot 0x%08x..0x%08x",
                            address, layout->slot_start, layout->slot_end - 1);
    }
    return diag_fail_at(OX_MALFORMED, &pos,
                        "data at 0x%08x is outside the slot 0x%08x..0x%08x, in %s 0x%08x..0x%08x",
                        address, layout->slot_start, layout->slot_end - 1, area->name, area->start,
                        area->end - 1);
}

/* A piece may go on from one allowed area into the next, so it is judged area by area. */
static enum ox check_piece(const struct fw_image *image, const struct fw_layout *layout,
                           const struct fw_piece *piece)
{
    const struct area slot = {layout->slot_start, layout->slot_end, "slot"};
    uint64_t address = piece->address;

    while (address < fw_piece_end(piece)) {
        const struct area *area = find_area(&slot, 1, address);

        if (area == NULL) {
            area = find_area(known_areas, sizeof known_areas / sizeof known_areas[0], address);
        }
        if (area == NULL) {
            return fail_outside(image, layout, (uint32_t)address);
        }
        address = area->end;
    }
    return OX_OK;
}

/* Bytes of data in [start, end); the first one's address, if any. */
static uint32_t count_data(const struct fw_image *image, uint32_t start, uint32_t end,
                           uint32_t *ret_first)
{
    uint32_t count = 0;

    for (size_t i = 0; i < image->piece_count; i++) {
        const struct fw_piece *piece = &image->pieces[i];
        uint64_t from = piece->address > start ? piece->address : start;
        uint64_t to = fw_piece_end(piece) < end ? fw_piece_end(piece) : end;

        if (from < to) {
            *ret_first = count == 0 ? (uint32_t)from : *ret_first;
            count += (uint32_t)(to - from);
        }
    }
    return count;
}

/* Old metadata is replaced, so it may be there; anything else would be lost. */
static enum ox check_metadata_area(const struct fw_image *image, const struct fw_layout *layout)
{
    struct src_pos pos = {image->path, 0, 0};
    uint8_t meta[OTAV_META_LEN];
    uint32_t first = 0;
    uint32_t count = count_data(image, layout->slot_start, layout->fw_start, &first);

    assert(layout->fw_start - layout->slot_start == OTAV_META_LEN);
    if (count == 0) {
        return OX_OK;
    }
    if (fw_read(image, layout->slot_start, meta, sizeof meta) != OX_OK) {
        return OX_IO;
    }
    if (count == OTAV_META_LEN && otav_meta_looks_plain(meta)) {
        return OX_OK;
    }
    (void)diag_fail_at(OX_MALFORMED, &pos,
                       "data at 0x%08x is in the metadata area 0x%08x..0x%08x, expected nothing or "
                       "all of an old metadata header",
                       first, layout->slot_start, layout->fw_start - 1);
    diag_hint("link the application at 0x%08x", layout->fw_start);
    return OX_MALFORMED;
}

/* Address behind the last byte in the slot; pieces ascend and none crosses the end of the slot. */
static uint64_t find_end(const struct fw_image *image, const struct fw_layout *layout)
{
    uint64_t end = 0;

    for (size_t i = 0; i < image->piece_count; i++) {
        if (image->pieces[i].address < layout->slot_end) {
            end = fw_piece_end(&image->pieces[i]);
        }
    }
    return end;
}

enum ox fw_check_layout(const struct fw_image *image, const struct fw_layout *layout,
                        uint32_t *ret_len)
{
    struct src_pos pos = {image->path, 0, 0};
    uint64_t end = find_end(image, layout);
    enum ox rc = OX_OK;

    for (size_t i = 0; rc == OX_OK && i < image->piece_count; i++) {
        rc = check_piece(image, layout, &image->pieces[i]);
    }
    if (rc == OX_OK) {
        rc = check_metadata_area(image, layout);
    }
    if (rc == OX_OK && end <= layout->fw_start) {
        rc = diag_fail_at(OX_MALFORMED, &pos,
                          "there is no firmware, expected data in 0x%08x..0x%08x", layout->fw_start,
                          layout->slot_end - 1);
    }
    if (rc == OX_OK) {
        *ret_len = (uint32_t)(end - layout->fw_start);
    }
    return rc;
}
