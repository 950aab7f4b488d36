/*
 * Files for the simulator's tests. Layer: test.
 */
#include "sim_images.h"

#include <stdlib.h>
#include <string.h>

#include "deflated.h"
#include "fast_crypto.h"

const uint8_t update_key[16] = {7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5, 2};
const uint8_t update_iv[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

enum { IMAGE_ID = 0x1B000000 };

void update_seal(struct update *update)
{
    uint32_t sum = 0;

    otav_store_u16(update->file + 2, 0);
    for (uint32_t i = 0; i < update->file_len; i++) {
        sum += update->file[i];
    }
    otav_store_u16(update->file + 2, (uint16_t)(0u - sum));
}

void update_make(struct update *update, const struct image_spec *spec, bool compressed)
{
    struct boot_image *image = &update->new_image;
    struct image_spec encoded = *spec;
    uint8_t *stream;

    image_make(spec, image);
    update->stream_len = 0;
    if (!compressed) {
        return;
    }
    if (deflated_make(image->bytes + OTAV_META_LEN, spec->fw_len, &stream, &encoded.encoded_len) !=
        OX_OK) {
        abort();
    }
    image_make(&encoded, image); /* the same firmware */
    update->stream_len = encoded.encoded_len + (0u - encoded.encoded_len) % OTAV_BLOCK_LEN;
    if (update->stream_len > sizeof update->stream - OTAV_META_LEN) {
        abort();
    }
    memcpy(update->stream, stream, update->stream_len);
    free(stream);
}

/* Metadata, and the firmware as it travels. Returns the length. */
static uint32_t put_payload(const struct update *update, uint8_t *payload)
{
    if (update->stream_len == 0) {
        memcpy(payload, update->new_image.bytes, update->new_image.len);
        return update->new_image.len;
    }
    memcpy(payload, update->new_image.bytes, OTAV_META_LEN);
    memcpy(payload + OTAV_META_LEN, update->stream, update->stream_len);
    return OTAV_META_LEN + update->stream_len;
}

void update_wrap(struct update *update, uint32_t version, bool encrypted)
{
    uint8_t *header = update->file;
    uint8_t *payload = update->file + OTAM_HEADER_LEN;
    uint32_t len;

    memset(header, 0, OTAM_HEADER_LEN);
    header[0] = 1;
    header[1] = encrypted ? 1 : 0;
    otav_store_u32(header + 4, IMAGE_ID);
    otav_store_u32(header + 8, version);
    header[12] = 1;
    len = put_payload(update, payload);
    if (encrypted) {
        memset(payload + len, OTAV_BLOCK_LEN, OTAV_BLOCK_LEN);
        len += OTAV_BLOCK_LEN;
        fast_encrypt(update_key, update_iv, payload, len);
    }
    update->file_len = OTAM_HEADER_LEN + len;
    update_seal(update);
}
