/*
 * Workload: digest and ECDSA P-256 verification as a device uses them, one after the other. Parameters:
 * X || Y, r || s. The verdict goes to the first word of the result. Layer: test; freestanding.
 */
#include <p256.h>
#include <sha256.h>

#include "io.h"

void workload(struct measure_io *io)
{
    struct otav_sha256_state *state = (struct otav_sha256_state *)(void *)io->state;

    otav_soft_sha256_begin(0, state);
    otav_soft_sha256_update(0, state, io->bytes, io->len);
    otav_soft_sha256_final(0, state, io->result);
    otav_soft_sha256_end(0, state);
    *(uint32_t *)(void *)io->result =
        otav_p256_verify(io->parameters, io->result, io->parameters + 64);
}
