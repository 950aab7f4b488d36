/*
 * What the verifier says of a file, without words.
 */
#ifndef OTAIMG_FILE_VERDICT_H
#define OTAIMG_FILE_VERDICT_H

#include "ota_file.h"

struct file_verdict {
    enum otav_err err; /* OTAV_OK: none */
    uint16_t detail;   /* otav_get_detail() */
    bool accepted;
    uint8_t key_index; /* otav_get_key_index() */
};

/* What the device is asked. */
struct file_question {
    const struct otav_config *config;
    enum otav_purpose purpose;
    bool inflates; /* takes compressed transfers */
};

/* Decrypts with the file's own cipher and IV; those of config are not used. OX_IO, OX_KEY when the
 * file or the key cannot be read; whatever the verifier says is OX_OK. */
enum ox file_verdict_openssl(const struct ota_file *file, const struct file_question *question,
                             struct file_verdict *ret);

/* The same with the crypto that devices link. A key in a token cannot be given to it: then the token
 * decrypts. */
enum ox file_verdict_soft(const struct ota_file *file, const struct file_question *question,
                          struct file_verdict *ret);

#endif
