/*
 * Errors of the verifier, listed once. The high byte is the class.
 *
 * OTAV_OK and the verdicts differ from each other, from every error, from zero and from all ones in
 * at least 12 bits, so that neither cleared memory nor a few flipped bits are success.
 */
#ifndef OTAV_ERROR_H
#define OTAV_ERROR_H

#include <stdint.h>

/* X(NAME, value, "text") */
#define OTAV_ERRORS(X)                                                                             \
    /* usage: the caller's fault */                                                                \
    X(ARG, 0x0101, "invalid argument")                                                             \
    X(STATE, 0x0102, "call not allowed in this state")                                             \
    X(CONFIG, 0x0103, "device configuration incomplete or contradictory")                          \
    /* format: not a well-formed file or image */                                                  \
    X(HEADER, 0x0201, "file header not valid")                                                     \
    X(CHECKSUM, 0x0202, "file checksum does not match")                                            \
    X(TOTAL_LENGTH, 0x0203, "length in the header does not match the file")                        \
    X(METADATA, 0x0204, "metadata field not valid")                                                \
    X(HEADER_REVISION, 0x0205, "header and metadata name different versions")                      \
    X(FW_LENGTH, 0x0206, "firmware length not allowed")                                            \
    X(ATTRIBUTES, 0x0207, "attributes not well-formed")                                            \
    X(ATTRIBUTE_UNKNOWN, 0x0208, "unknown attribute that must be understood")                      \
    X(TRUNCATED, 0x0209, "data ends early")                                                        \
    X(TRAILING, 0x020A, "data behind the end of the image")                                        \
    X(PADDING, 0x020B, "padding not valid")                                                        \
    X(NOT_PROVISIONED, 0x020C, "no provisioning record, only erased memory or zeros")              \
    X(PROVISION, 0x020D, "provisioning record not well-formed")                                    \
    X(DEFLATE, 0x020E, "compressed data not well-formed, or of another length")                    \
    /* decryption */                                                                               \
    X(NO_DECRYPT_KEY, 0x0301, "encrypted, and no decryption key given")                            \
    X(DECRYPT, 0x0302, "does not decrypt to metadata, wrong key or IV")                            \
    /* policy */                                                                                   \
    X(METHOD, 0x0401, "authentication method not allowed")                                         \
    X(KEY_REVOKED, 0x0402, "signed with a revoked key")                                            \
    X(KEY_CLASS, 0x0403, "signed with a development key, device takes production keys only")       \
    X(ATTRIBUTE_MISSING, 0x0404, "required attribute missing")                                     \
    X(ENCODING, 0x0405, "encoded transfer not supported by the device")                            \
    /* authentication */                                                                           \
    X(METADATA_SIGNATURE, 0x0501, "metadata signature does not verify under any trusted key")      \
    X(BINDING, 0x0502, "header does not match its signed binding")                                 \
    X(FIRMWARE_SIGNATURE, 0x0503, "firmware signature does not verify")                            \
    X(PROVISION_DIGEST, 0x0504, "provisioning record does not match its digest")                   \
    /* device: meant for another one */                                                            \
    X(PRODUCT, 0x0601, "made for another product")                                                 \
    X(HARDWARE, 0x0602, "made for other hardware")                                                 \
    X(IMAGE_TYPE, 0x0603, "image type not allowed for this device or key")                         \
    X(MANUFACTURER, 0x0604, "manufacturer id differs from the device's")                           \
    X(IMAGE_ID, 0x0605, "flash image id differs from the device's")                                \
    /* rollback */                                                                                 \
    X(VERSION, 0x0701, "version not newer than the installed one")                                 \
    X(MIN_INSTALLED, 0x0702, "installed version too old for this update")                          \
    X(COUNTER, 0x0703, "security counter below the device's floor")                                \
    /* port: flash or crypto of the platform failed */                                             \
    X(FLASH_READ, 0x0801, "flash read failed")                                                     \
    X(FLASH_ERASE, 0x0802, "flash erase failed")                                                   \
    X(FLASH_PROGRAM, 0x0803, "flash program failed")                                               \
    X(CRYPTO, 0x0804, "crypto port failed")

#define OTAV_X_ERROR(name, value, text) OTAV_ERR_##name = (value),
enum otav_err { OTAV_OK = 0x5AC3F0F0, OTAV_ERRORS(OTAV_X_ERROR) };

enum otav_err_class {
    OTAV_CLASS_USAGE = 1,
    OTAV_CLASS_FORMAT,
    OTAV_CLASS_DECRYPT,
    OTAV_CLASS_POLICY,
    OTAV_CLASS_AUTH,
    OTAV_CLASS_DEVICE,
    OTAV_CLASS_ROLLBACK,
    OTAV_CLASS_PORT
};
#define OTAV_ERR_CLASS(err) ((unsigned)(err) >> 8)

/* Verdict words. */
#define OTAV_ACCEPT UINT32_C(0xA5963CC3)
#define OTAV_REJECT UINT32_C(0x5A69C33C)

/* Name ("OTAV_ERR_COUNTER") and text; never NULL. Their strings live in an object of their own. */
const char *otav_err_name(enum otav_err err);
const char *otav_err_text(enum otav_err err);

#endif
