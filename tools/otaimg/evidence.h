/*
 * Provenance of a release: an in-toto Statement v1 with a SLSA Provenance v1 predicate, not signed,
 * which says what a file was made from.
 */
#ifndef OTAIMG_EVIDENCE_H
#define OTAIMG_EVIDENCE_H

#include "manifest.h"
#include "outfile.h"

/* What externalParameters means, and a builder of whom nothing is known: names without a domain,
 * fixed for good. README.md and schemas/provenance.schema.json explain them. */
#define EVIDENCE_BUILD_TYPE      "urn:uuid:15e4ea57-cc25-432a-96f2-39b2ab6c1c0d"
#define EVIDENCE_UNKNOWN_BUILDER "urn:uuid:7559292a-3975-45be-b488-e6921c88e5fa"

#define EVIDENCE_SUFFIX ".provenance.json"

struct evidence_options {
    const char *builder_id;  /* runDetails.builder.id: a URI */
    const char *const *sets; /* overrides of --set; must outlive the evidence */
    unsigned set_count;
    const char *sbom; /* --sbom, NULL = not given */
};

struct evidence;

/* Takes time and digests of the inputs; call before they are read. m and the strings of options must
 * outlive the evidence. OX_IO; OX_USAGE for inputs that cannot be read twice, and a SOURCE_DATE_EPOCH
 * that is no time. Freed with evidence_free(). */
enum ox evidence_begin(const struct manifest *m, const struct evidence_options *options,
                       struct evidence **ret);

/* Writes the statement about the finished file in fd, which will be called output, to output +
 * EVIDENCE_SUFFIX. The caller makes it appear. OX_IO, also when an input is not what it was at
 * evidence_begin(); OX_USAGE for names that JSON cannot hold. */
enum ox evidence_write(const struct evidence *evidence, const char *output, int fd,
                       struct outfile **ret);

/* NULL is fine. */
void evidence_free(struct evidence *evidence);

#endif
