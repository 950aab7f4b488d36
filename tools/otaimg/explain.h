/*
 * The verifier's errors in words: which field, what it is, what was expected; and their exit codes.
 */
#ifndef OTAIMG_EXPLAIN_H
#define OTAIMG_EXPLAIN_H

#include <otav/otav.h>

#include "exits.h"

struct ota_file;

/* Exit code of an error's class. */
enum ox explain_code(enum otav_err err);

/* Reports bad file headers of a file (err and err_offset in it). */
enum ox explain_header(const struct ota_file *file);

/* Reports why a file was refused. metadata: its plaintext, or NULL when it could not be read. */
enum ox explain_refusal(const struct ota_file *file, const struct otav_config *config,
                        const uint8_t *metadata, enum otav_err err, uint16_t detail);

/* A field's value as text: numbers, versions, UUIDs, dates, hex. Caller frees. */
char *explain_value(const struct otav_field *field, const uint8_t *record);

/* What a field's rule allows: "1..2", "at most 72". Caller frees; NULL for fields without rule. */
char *explain_rule(const struct otav_field *field);

/* The word for a field's value in its documentation ("2=security"), NULL when it has none. Caller
 * frees. */
char *explain_meaning(const struct otav_field *field, const struct otav_field_doc *doc,
                      const uint8_t *record);

#endif
