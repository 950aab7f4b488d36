/*
 * The pieces of a firmware image: collected in the order of the file, then sorted once.
 *
 * Layer: input, below the loaders. Sorting at the end keeps any order of records at n log n, and
 * every record keeps its line until overlaps are judged. Invariant: after fw_finish() the pieces
 * ascend and no address is given twice.
 */
#include <stdlib.h>
#include <string.h>

#include "fw_impl.h"
#include "util.h"

static void add_piece(struct fw_image *image, const struct fw_piece *piece)
{
    if (image->piece_count == image->piece_cap) {
        image->piece_cap = image->piece_cap > 0 ? 2 * image->piece_cap : 16;
        image->pieces = xrealloc(image->pieces, image->piece_cap * sizeof *image->pieces);
    }
    image->pieces[image->piece_count++] = *piece;
}

/* Joins are left to fw_finish(): each record is needed on its own until overlaps were looked for. */
static enum ox add(struct fw_image *image, const struct src_pos *pos, uint32_t address,
                   uint64_t offset, uint64_t len)
{
    struct fw_piece piece = {offset, address, (uint32_t)len, pos->line};

    if (len > UINT32_MAX || address + len > (uint64_t)UINT32_MAX + 1) {
        return diag_fail_at(OX_MALFORMED, pos, "data at 0x%08x goes past address 0xffffffff",
                            address);
    }
    if (len > 0) {
        add_piece(image, &piece);
    }
    return OX_OK;
}

enum ox fw_add_range(struct fw_image *image, uint32_t address, uint64_t offset, uint64_t len)
{
    struct src_pos pos = {image->path, 0, 0};

    return add(image, &pos, address, offset, len);
}

enum ox fw_add_record(struct fw_image *image, const struct src_pos *pos, uint32_t address,
                      const uint8_t *bytes, size_t len)
{
    if (len > image->decoded_cap - image->decoded_len) {
        image->decoded_cap = 2 * image->decoded_cap + len;
        image->decoded = xrealloc(image->decoded, image->decoded_cap);
    }
    memcpy(image->decoded + image->decoded_len, bytes, len);
    image->decoded_len += len;
    return add(image, pos, address, image->decoded_len - len, len);
}

static int compare_pieces(const void *left, const void *right)
{
    const struct fw_piece *a = left;
    const struct fw_piece *b = right;

    if (a->address != b->address) {
        return a->address < b->address ? -1 : 1;
    }
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static bool is_sorted(const struct fw_image *image)
{
    for (size_t i = 1; i < image->piece_count; i++) {
        if (image->pieces[i - 1].address > image->pieces[i].address) {
            return false;
        }
    }
    return true;
}

/* low and high both hold high's first address. The record that stands later is the one to name. */
static enum ox fail_overlap(const struct fw_image *image, const struct fw_piece *low,
                            const struct fw_piece *high)
{
    bool low_is_first = low->line < high->line;
    struct src_pos pos = {image->path, low_is_first ? high->line : low->line, 0};

    if (pos.line == 0) {
        return diag_fail_at(OX_MALFORMED, &pos, "data at 0x%08x is in two segments", high->address);
    }
    return diag_fail_at(OX_MALFORMED, &pos, "data at 0x%08x overlaps the data of line %u",
                        high->address, low_is_first ? low->line : high->line);
}

static enum ox check_overlaps(const struct fw_image *image)
{
    for (size_t i = 1; i < image->piece_count; i++) {
        if (fw_piece_end(&image->pieces[i - 1]) > image->pieces[i].address) {
            return fail_overlap(image, &image->pieces[i - 1], &image->pieces[i]);
        }
    }
    return OX_OK;
}

static void join(struct fw_image *image)
{
    size_t count = 1;

    for (size_t i = 1; i < image->piece_count; i++) {
        struct fw_piece *last = &image->pieces[count - 1];
        const struct fw_piece *piece = &image->pieces[i];

        if (fw_piece_end(last) == piece->address && last->offset + last->len == piece->offset &&
            piece->len <= UINT32_MAX - last->len) {
            last->len += piece->len;
        } else {
            image->pieces[count++] = *piece;
        }
    }
    image->piece_count = count;
    image->piece_cap = count;
    image->pieces = xrealloc(image->pieces, count * sizeof *image->pieces);
}

enum ox fw_finish(struct fw_image *image)
{
    struct src_pos pos = {image->path, 0, 0};

    if (image->piece_count == 0) {
        return diag_fail_at(OX_MALFORMED, &pos, "the file holds no data");
    }
    if (!is_sorted(image)) {
        qsort(image->pieces, image->piece_count, sizeof *image->pieces, compare_pieces);
    }
    if (check_overlaps(image) != OX_OK) {
        return OX_MALFORMED;
    }
    join(image);
    return OX_OK;
}
