/* Workload: the digest of bytes. Layer: test; freestanding. */
#include <sha256.h>

#include "io.h"

void workload(struct measure_io *io)
{
    struct otav_sha256_state *state = (struct otav_sha256_state *)(void *)io->state;

    otav_soft_sha256_begin(0, state);
    for (uint32_t i = 0; i < io->len; i += io->call_len) {
        uint32_t len = io->len - i < io->call_len ? io->len - i : io->call_len;

        otav_soft_sha256_update(0, state, io->bytes + i, len);
    }
    otav_soft_sha256_final(0, state, io->result);
    otav_soft_sha256_end(0, state);
}
