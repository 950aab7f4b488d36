/*
 * From what the fuzzer makes to a file that is worth reading: encrypted where its header says so,
 * lengths and checksum right, so that they do not stop the fuzzer at the door.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t fuzz_aes_key[16];
extern const uint8_t fuzz_aes_iv[16];

struct fuzz_input {
    uint8_t *bytes; /* of the file, on the heap at their exact length */
    uint32_t len;
    uint32_t sum;
    uint32_t salt; /* follows from the fuzzer's bytes: all other choices come from it */
};

/* data holds a file whose payload is not encrypted yet, padding included. One in eight files keeps the
 * lengths and the checksum that it came with. */
void fuzz_input_init(struct fuzz_input *input, const uint8_t *data, size_t size);
void fuzz_input_free(struct fuzz_input *input);

/* The next number of a sequence that starts at *state. */
uint32_t fuzz_next(uint32_t *state);

#endif
