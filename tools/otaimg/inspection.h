/*
 * What `inspect` finds out about a file beside its fields: digests, padding, signatures, problems.
 */
#ifndef OTAIMG_INSPECTION_H
#define OTAIMG_INSPECTION_H

#include "listing.h"

enum finding { FINDING_NONE, FINDING_OK, FINDING_BAD }; /* not there or not checked, good, wrong */

struct inspection {
    const struct ota_file *file;
    struct listing listing;
    uint32_t file_len; /* of a HEX file: its text, not the slot in it */
    uint8_t file_digest[OTAV_SHA256_LEN];
    enum finding checksum;           /* OTAU only */
    enum finding length;             /* payload as long as the metadata says, padding right */
    enum finding metadata_signature; /* with a key; digests always */
    enum finding firmware_signature;
    char *problem; /* the first thing that is wrong, NULL = nothing */
    enum ox problem_code;
};

/* xy: key to check signatures with, NULL = none. Failures are those of reading and decrypting; what
 * is wrong with the file is not one. */
enum ox inspection_make(const struct ota_file *file, const uint8_t *xy, struct inspection *ret);
void inspection_free(struct inspection *inspection);

/* Both write to standard output. */
void inspection_print(const struct inspection *inspection);
enum ox inspection_print_json(const struct inspection *inspection);

const char *finding_name(enum finding finding);

#endif
