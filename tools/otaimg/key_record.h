/* Ceremony record of a new key, as JSON (schemas/key-record.schema.json): all about it but the secret. */
#ifndef OTAIMG_KEY_RECORD_H
#define OTAIMG_KEY_RECORD_H

#include "key_options.h"
#include "outfile.h"

struct key_record {
    const char *uri;
    const char *path;                  /* of a key file; NULL: the key is on a token */
    const char *type;                  /* "EC P-256", "AES-128" */
    const uint8_t *xy;                 /* NULL = a secret key */
    bool encrypted;                    /* of a key file */
    const struct key_options *options; /* for the token */
};

/* Opens the record, so that a folder that is missing is noticed before the key is made. OX_IO, also when
 * there is something at path already; OX_USAGE for standard output. */
enum ox key_record_open(const char *path, struct outfile **ret);

/* Writes it, and makes it appear; a key on a token is looked up there. out is freed in any case. OX_IO,
 * OX_KEY; then a hint says that the key is there all the same. */
enum ox key_record_finish(const struct key_record *record, struct outfile *out);

#endif
