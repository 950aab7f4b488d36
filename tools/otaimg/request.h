/*
 * A request to sign a release elsewhere: schemas/request.schema.json. The firmware is signed in
 * round 1, the metadata, which holds that signature, in round 2. A request has all that is needed to
 * go on, beside the draft that it names.
 */
#ifndef OTAIMG_REQUEST_H
#define OTAIMG_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <otav/otav_format.h>

#include "exits.h"
#include "pubkey.h"
#include "release_log.h"

#define REQUEST_MAX_LEN 65536

struct request {
    char *path;
    uint8_t sha256[OTAV_SHA256_LEN]; /* of the text that was read */
    unsigned round;                  /* 1: firmware, 2: metadata */
    uint8_t xy[PUBKEY_LEN];
    uint8_t fw_digest[OTAV_SHA256_LEN];
    uint8_t
        metadata[OTAV_META_LEN]; /* in round 2 with the firmware signature, never with its own */
    char *draft;                 /* paths as from the working directory */
    uint8_t draft_digest[OTAV_SHA256_LEN];
    uint32_t image_id;
    uint8_t content[OTAV_SHA256_LEN]; /* as of draft_content() */
    char *output;                     /* NULL: none named */
    char *log;                        /* audit log of the manifest; NULL: none */
    char *encrypt_key;                /* URI; NULL: plain */
    uint8_t encrypt_iv[16];
};

/* Reads a request and checks that its parts agree: digest, key id and summary are those of key and
 * state, and in round 2 the firmware signature is good. OX_IO; OX_MALFORMED: not a request;
 * OX_AUTH: the parts do not agree. request_free() after success. */
enum ox request_load(const char *path, struct request *ret);
/* The part behind reading; path is for messages, and what paths are relative to. */
enum ox request_parse(const char *path, const char *text, size_t len, struct request *ret);
void request_free(struct request *request);

/* Text of the request, ended by a newline; paths relative to the folder of path where they lie in
 * it, else absolute. Malloced, caller frees. OX_IO; OX_USAGE for a path that is not UTF-8. */
enum ox request_text(const struct request *request, const char *path, char **ret);

/* What is to be signed in this round. */
enum ox request_digest(const struct request *request, uint8_t ret[OTAV_SHA256_LEN]);

/* The same for both rounds: SHA-256 of the firmware digest (32 bytes) and the metadata (512 bytes)
 * without signatures. A response names it. */
enum ox request_id(const struct request *request, uint8_t ret[OTAV_SHA256_LEN]);

/* What the log counts by. The content is the request's word: only who has the draft can check it.
 * OX_MALFORMED as release_facts_from_metadata(). */
enum ox request_facts(const struct request *request, struct release_facts *ret);

/* "firmware" or "metadata". */
const char *request_subject(const struct request *request);

#endif
