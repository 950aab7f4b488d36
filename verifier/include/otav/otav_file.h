/*
 * Files with their headers, as phones, gateways and the host tool see them. A device that gets its
 * transfers without file header does not link this.
 *
 *   BLE     OTAU(16) | X(metadata 512 | firmware)
 *   Zigbee  ZOTA(56..69) | X(metadata | firmware)
 *   combo   OTAU(16) | ZOTA(56..69) | X(metadata | firmware)
 *   image   metadata | firmware                      (X = plain, or AES-128-CBC with PKCS#7)
 */
#ifndef OTAV_FILE_H
#define OTAV_FILE_H

#include "otav.h"

enum otav_file_kind { OTAV_FILE_BLE, OTAV_FILE_ZIGBEE, OTAV_FILE_COMBO, OTAV_FILE_IMAGE };

struct otav_file {
    enum otav_file_kind kind;
    bool encrypted;       /* from the OTAU header; from the look of the metadata without one */
    bool has_otau;        /* OTAU header at 0 */
    bool has_zota;        /* Zigbee header at zota_off */
    uint32_t zota_off;    /* 0 or 16 */
    uint32_t zota_len;    /* 56..69 */
    uint32_t payload_off; /* where X starts */
    uint32_t payload_len; /* to the end of the file */
};

/* Longest header, plus enough metadata to tell plain from encrypted. */
#define OTAV_FILE_PREFIX_LEN (OTAV_OTAU_LEN + OTAV_ZOTA_MAX_LEN + 48)

/* Reads the headers. prefix: the first min(file_len, OTAV_FILE_PREFIX_LEN) bytes; file_sum: sum of
 * all bytes of the file modulo 2^32.
 * OTAV_ERR_HEADER, OTAV_ERR_CHECKSUM, OTAV_ERR_TOTAL_LENGTH, OTAV_ERR_TRUNCATED: *ret untouched,
 * *ret_offset = offset of the field at fault in the file. */
enum otav_err otav_file_parse(const uint8_t *prefix, size_t prefix_len, uint32_t file_len,
                              uint32_t file_sum, struct otav_file *ret, uint16_t *ret_offset);

/* Recognises a file by its first bytes without judging it: for naming what is wrong with it. */
bool otav_file_guess(const uint8_t *prefix, size_t prefix_len, enum otav_file_kind *ret);

/* The value of the OTAU checksum field for a file whose bytes, that field as zero, sum to sum. */
uint16_t otav_file_checksum(uint32_t sum);

/* Like otav_open(), for a whole file including its headers. The length and byte sum of the file are
 * taken beforehand, since the checksum covers all of it. Verify only, no flash: a decoder reads back
 * from what it keeps itself; NULL: encoded transfers are refused. A file of kind image holds what lies
 * in a slot, so it is plain whatever its attributes say of its transfer. */
enum otav_err otav_open_file(struct otav_context *ctx, const struct otav_config *config,
                             const struct otav_crypto *crypto, enum otav_purpose purpose,
                             uint32_t file_len, uint32_t file_sum,
                             const struct otav_decoder *decoder);

#endif
