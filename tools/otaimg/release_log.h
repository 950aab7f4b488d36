/*
 * The audit log: a file of JSON lines, one for each output that was signed, each with the digest of
 * the line before it. schemas/log.schema.json describes a line; README.md says what the log proves.
 */
#ifndef OTAIMG_RELEASE_LOG_H
#define OTAIMG_RELEASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <otav/otav_format.h>

#include "exits.h"

/* What identifies a release, and its content. */
struct release_facts {
    bool
        has_product; /* has attributes: product, class and type name the release line, else image_id */
    uint8_t product[16];
    uint32_t hardware_class;
    uint8_t image_type;
    uint32_t image_id;
    uint32_t version;
    uint32_t sequence;
    bool has_counter;
    uint32_t security_counter;
    bool encrypted;
    uint8_t content[OTAV_SHA256_LEN]; /* as of draft_content() */
};

/* All but encrypted and content from plaintext metadata. OX_MALFORMED for bad attributes. */
enum ox release_facts_from_metadata(const uint8_t metadata[OTAV_META_LEN], uint32_t image_id,
                                    struct release_facts *ret);

struct release_log_file {
    const char *name;
    bool has_digest; /* false: could not be read a second time, as a pipe */
    uint8_t sha256[OTAV_SHA256_LEN];
};

/* A rule of the lint that was turned off for this release, and why. */
struct release_log_reason {
    const char *rule;
    const char *reason;
};

enum { RELEASE_LOG_MAX_INPUTS = 4 };

/* One signed output. Nothing in it is owned. */
struct release_log_entry {
    const char *action; /* build, sign, resign, answer, attach */
    struct release_log_file inputs[RELEASE_LOG_MAX_INPUTS];
    unsigned input_count;
    struct release_facts release;
    uint8_t key_id[OTAV_SHA256_LEN];
    const char *signer; /* signer_kind(), or "detached" */
    struct release_log_file output;
    const struct release_log_reason *lint_off;
    unsigned lint_off_count;
};

/* A line that was looked for. */
struct release_log_match {
    unsigned line; /* from 1 */
    struct release_facts release;
};

struct release_log;

/* Opens the log, locks it against other processes until it is closed (waits for them), reads and
 * verifies all of it. For writing it is created when it does not exist. OX_IO; a broken chain is
 * OX_POLICY for writing, else OX_DIFFERENT, and the message names the line. */
enum ox release_log_open(const char *path, bool for_writing, struct release_log **ret);
/* A log that was created and got no line is removed. NULL is fine. */
void release_log_close(struct release_log *log);

/* The functions from here on may be called from several threads. */

/* OX_POLICY when the log has another content for the same release line, version and sequence. */
enum ox release_log_refuse_other_content(struct release_log *log,
                                         const struct release_facts *release);

/* The newest line of the same release line with another content; false when there is none. */
bool release_log_last(struct release_log *log, const struct release_facts *release,
                      struct release_log_match *ret);

/* The newest encrypted line, of whatever release line, with the same version and sequence and
 * another content; false when there is none. */
bool release_log_find_encrypted(struct release_log *log, const struct release_facts *release,
                                struct release_log_match *ret);

/* Adds a line and waits until it is on the disk: all of it or, on failure, nothing. To be called
 * when the output is complete and before it appears, so that no output lacks its line; a line
 * whose output never appeared can occur. OX_POLICY as above, OX_IO. */
enum ox release_log_append(struct release_log *log, const struct release_log_entry *entry);

/* The same for an output called path, whose finished bytes are in fd: fills in entry->output. */
enum ox release_log_append_output(struct release_log *log, struct release_log_entry *entry,
                                  const char *path, int fd);

unsigned release_log_count(struct release_log *log);
/* Hash of the last line; zeros for an empty log. */
void release_log_hash(struct release_log *log, uint8_t ret[OTAV_SHA256_LEN]);
/* The line, from 1, that has this hash; 0 = none. */
unsigned release_log_find_hash(struct release_log *log, const uint8_t hash[OTAV_SHA256_LEN]);

/* Fills in the digest of an input, unless it is not a regular file. name is kept. OX_IO. */
enum ox release_log_input(const char *name, struct release_log_file *ret);

#endif
