/*
 * An OTA file as the reading commands see it: headers parsed, payload decrypted on the way.
 * Nothing here judges whether a device would take it; file_check.h does.
 */
#ifndef OTAIMG_OTA_FILE_H
#define OTAIMG_OTA_FILE_H

#include <otav/otav_config.h>
#include <otav/otav_file.h>

#include "cipher.h"
#include "command.h"
#include "source.h"

struct ota_file {
    struct source source;
    uint32_t sum; /* of all bytes */
    uint8_t prefix[OTAV_FILE_PREFIX_LEN];
    size_t prefix_len;
    enum otav_err err; /* of the headers; OTAV_OK: file is valid */
    uint16_t err_offset;
    struct otav_file file;

    struct cipher *cipher; /* NULL = no key given */
    uint8_t iv[16];
};

/* Opens path, or a descriptor that stays the caller's, and reads the headers; what is wrong with
 * them is left in err. OX_IO. */
enum ox ota_file_open(const char *path, struct ota_file *ret);
/* Holds the whole file in memory: for commands that check it first and use it then. */
enum ox ota_file_open_whole(const char *path, struct ota_file *ret);
enum ox ota_file_from_fd(const char *name, int fd, struct ota_file *ret);
void ota_file_close(struct ota_file *file);

/* Reports bad headers as an error; the third also an encrypted file without a key (OX_DECRYPT). */
enum ox ota_file_require(const struct ota_file *file);
/* The same for a file that cannot be sent over BLE: no header for it, or a length that no slot takes. */
enum ox ota_file_require_transfer(const struct ota_file *file);
enum ox ota_file_require_readable(const struct ota_file *file);

/* Options --decrypt-key and --decrypt-iv, for commands that read encrypted files. */
#define DECRYPT_OPTION_SPECS                                                                       \
    {"decrypt-key", 0, "URI", "AES key for an encrypted file: file:PATH or pkcs11:...", false},    \
    {                                                                                              \
        "decrypt-iv", 0, "HEX", "its initial vector, 32 hex digits", false                         \
    }

/* Opens the decryption key that the options name, if they do. */
enum ox ota_file_set_key(struct ota_file *file, const struct args *args);

/* Whether the payload can be read: plain, or a key is there. */
bool ota_file_readable(const struct ota_file *file);

/* The 512 bytes of plaintext metadata. OX_DECRYPT when the key does not fit. */
enum ox ota_file_metadata(const struct ota_file *file, uint8_t ret[OTAV_META_LEN]);

/* The same without a look at what came out of the decryption. */
enum ox ota_file_raw_metadata(const struct ota_file *file, uint8_t ret[OTAV_META_LEN]);

/* Visits the payload in pieces of up to 64 KiB, decrypted, padding included. */
typedef enum ox payload_visit(void *user, uint32_t offset, const uint8_t *bytes, size_t len);
enum ox ota_file_for_each(const struct ota_file *file, payload_visit *visit, void *user);

/* What the payload holds between metadata and encryption padding. */
struct ota_body {
    bool compressed;   /* raw deflate; never in a slot image, whatever its attributes say */
    uint32_t sent_len; /* bytes of the firmware or of the stream */
    uint32_t len;      /* the same with the zeros behind a stream, up to a multiple of 16 */
};

/* As the metadata have it; the payload may be shorter. */
struct ota_body ota_file_body(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN]);

/* Bytes that would be sent of a compressed file if it were not; 0 for others, and where the metadata name
 * a length that no slot takes. */
uint32_t ota_file_uncompressed_len(const struct ota_file *file,
                                   const uint8_t metadata[OTAV_META_LEN]);

/* Visits the body as it is sent. OX_MALFORMED when the payload is shorter. */
enum ox ota_file_for_each_sent(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN],
                               payload_visit *visit, void *user);

/* Visits the firmware: fw_len bytes, inflated where the file's own metadata say that they are
 * compressed. OX_MALFORMED when there are less or the stream is not well-formed. */
enum ox ota_file_for_each_firmware(const struct ota_file *file, uint32_t fw_len,
                                   payload_visit *visit, void *user);

/* What lies in the slot, in plaintext: metadata and firmware. Errors of the two, and OX_MALFORMED when
 * it does not fit a slot: ret may be written then. */
enum ox ota_file_image(const struct ota_file *file, uint8_t ret[OTAV_SLOT_LEN], uint32_t *ret_len);

/* SHA-256 of the firmware. */
enum ox ota_file_firmware_digest(const struct ota_file *file, uint32_t fw_len,
                                 uint8_t ret[OTAV_SHA256_LEN]);

/* The same without a report of what is wrong with a stream: then *ret_err says it and *ret means
 * nothing. */
enum ox ota_file_try_firmware_digest(const struct ota_file *file, uint32_t fw_len,
                                     uint8_t ret[OTAV_SHA256_LEN], enum otav_err *ret_err);

/* Decrypts the payload of a file that is held in memory in place; from then on it reads as plain,
 * and the cipher is free for other work. No effect on a plain file. */
enum ox ota_file_decrypt(struct ota_file *file);

const char *ota_file_kind_name(enum otav_file_kind kind);

#endif
