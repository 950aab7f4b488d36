/*
 * The OTA file before anything is sent: OTAU header, the Zigbee header of a combo file, length,
 * checksum, digest. Whether a device would take the image is not judged here.
 * Layer: below the state machine. Reads stay inside the file's length.
 */
#include "wire.h"

enum {
    /* spec: BLE OTA DFU Image File Definition; fields of the OTAU header */
    OTAU_VERSION = 0,
    OTAU_ENCRYPTED = 1,
    OTAU_CHECKSUM = 2,
    OTAU_IMAGE_ID = 4,
    OTAU_REVISION = 8,
    OTAU_FILE_TYPE = 12,
    OTAU_RESERVED = 13,
    TYPE_BLE = 1,
    TYPE_COMBO = 2,
    /* spec: ZCL OTA upgrade, file header */
    ZOTA_HEADER_LEN = 6,
    ZOTA_TOTAL_LEN = 52,
    ZOTA_MIN_LEN = 56,
    ZOTA_MAX_LEN = 69,
    CIPHER_BLOCK = 16,
    PIECE = 256
};

#define ZOTA_MAGIC 0x0BEEF11Eu

static bool read_at(const struct otam *m, uint32_t file_off, uint8_t *ret, uint32_t len)
{
    return m->config.host->read(m->config.host_ctx, file_off, ret, len);
}

static bool otau_is_valid(const uint8_t *otau)
{
    return otau[OTAU_VERSION] == 1 && otau[OTAU_ENCRYPTED] <= 1 &&
           (otau[OTAU_FILE_TYPE] == TYPE_BLE || otau[OTAU_FILE_TYPE] == TYPE_COMBO) &&
           otau[OTAU_RESERVED] == 0 && otau[OTAU_RESERVED + 1] == 0 && otau[OTAU_RESERVED + 2] == 0;
}

static enum otam_err read_otau(struct otam *m)
{
    uint8_t otau[OTAM_HEADER_LEN];

    if (m->config.file_len < OTAM_HEADER_LEN) {
        return OTAM_ERR_FILE_HEADER;
    }
    if (!read_at(m, 0, otau, sizeof otau)) {
        return OTAM_ERR_FILE_READ;
    }
    if (!otau_is_valid(otau)) {
        return OTAM_ERR_FILE_HEADER;
    }
    m->encrypted = otau[OTAU_ENCRYPTED];
    m->checksum = otam_load_u16(otau + OTAU_CHECKSUM);
    m->image_id = otam_load_u32(otau + OTAU_IMAGE_ID);
    m->image_version = otam_load_u32(otau + OTAU_REVISION);
    m->file_type = otau[OTAU_FILE_TYPE];
    m->image_off = OTAM_HEADER_LEN;
    return OTAM_OK;
}

/* A combo file has a Zigbee header in between, which is not sent either. */
static enum otam_err skip_zota(struct otam *m)
{
    uint8_t zota[ZOTA_MIN_LEN];
    uint32_t rest = m->config.file_len - m->image_off;
    uint16_t zota_len;

    if (rest < sizeof zota) {
        return OTAM_ERR_FILE_HEADER;
    }
    if (!read_at(m, m->image_off, zota, sizeof zota)) {
        return OTAM_ERR_FILE_READ;
    }
    zota_len = otam_load_u16(zota + ZOTA_HEADER_LEN);
    if (otam_load_u32(zota) != ZOTA_MAGIC || zota_len < ZOTA_MIN_LEN || zota_len > ZOTA_MAX_LEN ||
        zota_len > rest || otam_load_u32(zota + ZOTA_TOTAL_LEN) != rest) {
        return OTAM_ERR_FILE_HEADER;
    }
    m->image_off += zota_len;
    return OTAM_OK;
}

static bool image_len_is_valid(uint32_t image_len)
{
    return image_len > OTAM_META_LEN && image_len <= OTAM_IMAGE_MAX_LEN &&
           image_len % CIPHER_BLOCK == 0;
}

/* The part of a piece that belongs to the image goes into its digest. */
static void digest_add(const struct otam *m, uint32_t file_off, const uint8_t *piece, uint32_t len)
{
    uint32_t skip = file_off < m->image_off ? m->image_off - file_off : 0;

    if (m->can_resume && skip < len) {
        m->config.host->sha256_add(m->config.host_ctx, piece + skip, len - skip);
    }
}

/* One pass over the whole file: checksum and digest. */
static enum otam_err read_all(struct otam *m)
{
    const struct otam_host *host = m->config.host;
    /* The sum takes the checksum field as its value, not byte by byte. */
    uint32_t sum = m->checksum - (m->checksum & 0xFFu) - (m->checksum >> 8);
    uint8_t piece[PIECE];

    if (m->can_resume) {
        host->sha256_start(m->config.host_ctx);
    }
    for (uint32_t at = 0; at < m->config.file_len;) {
        uint32_t rest = m->config.file_len - at;
        uint32_t len = rest < PIECE ? rest : PIECE;

        if (!read_at(m, at, piece, len)) {
            return OTAM_ERR_FILE_READ;
        }
        for (uint32_t i = 0; i < len; i++) {
            sum += piece[i];
        }
        digest_add(m, at, piece, len);
        at += len;
    }
    if (m->can_resume && !host->sha256_end(m->config.host_ctx, m->digest)) {
        return OTAM_ERR_FILE_READ;
    }
    return (sum & 0xFFFFu) == 0 ? OTAM_OK : OTAM_ERR_FILE_CHECKSUM;
}

enum otam_err otam_file_check(struct otam *m)
{
    enum otam_err err = read_otau(m);

    if (err == OTAM_OK && m->file_type == TYPE_COMBO) {
        err = skip_zota(m);
    }
    if (err != OTAM_OK) {
        return err;
    }
    m->progress.image_len = m->config.file_len - m->image_off;
    if (!image_len_is_valid(m->progress.image_len)) {
        return OTAM_ERR_FILE_LENGTH;
    }
    return read_all(m);
}
