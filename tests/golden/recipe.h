/*
 * Files of the corpus from recipes: one line of words says how a file differs from a good one, and
 * at which step of its making. Same recipe, same bytes (RFC 6979).
 *
 *   ble zigbee combo image      kind (ble)
 *   enc                         encrypted with keys/aes.hex and RECIPE_IV
 *   stock minimal full          attributes: none, the required ones (default), all
 *   fw=48 begin=HEX             bytes of firmware; its first ones
 *   version=1.4.2.0 sequence=7 id=0x9B000000 manufacturer=MCHP zopt=0..7
 *   key=r fwkey=r metakey=r     signing key: r (release), a or b (development)
 *   method=2                    0 none, 1 SHA-256, 2 ECDSA
 *   fwder=W metader=W           DER of a signature: long-length, padded-r, padded-s, negative-r,
 *                               zero-r, zero-s, r-is-n, s-is-n, swapped
 *   attr:TYPE=HEX drop:TYPE     sets or leaves out an attribute
 *   deflate stream=HEX          sent as one stored block, or as this stream; zeros up to 16 behind it, and
 *                               the attribute unless one is set
 *   meta:OFF=HEX                bytes of the metadata before both signatures
 *   mid:OFF=HEX                 between firmware and metadata signature
 *   late:OFF=HEX swap           after both; the two signatures exchanged
 *   pay:OFF=HEX                 bytes of the payload before encryption, padding included
 *   cut=N add=HEX               payload after encryption: last N bytes off, bytes behind it
 *   head:OFF=HEX                bytes of the headers before the checksum
 *   file:OFF=HEX chop=N append=HEX   the finished file
 *
 * Offsets may be negative: from the end.
 */
#ifndef GOLDEN_RECIPE_H
#define GOLDEN_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#define RECIPE_IV "101112131415161718191a1b1c1d1e1f"

struct recipe_file {
    uint8_t *bytes; /* malloced, caller frees */
    size_t len;
    size_t payload_off;
};

/* folder: tests/golden; test_keys: keys/test. Ends the program with a message when a word is wrong:
 * recipes are part of the tests. */
struct recipe_file recipe_make(const char *folder, const char *test_keys, const char *words);

#endif
