/*
 * Workload: one ECDSA P-256 verification. Parameters: X || Y, digest, r || s. The verdict goes to the
 * first word of the result. Layer: test; freestanding.
 */
#include <p256.h>

#include "io.h"

void workload(struct measure_io *io)
{
    *(uint32_t *)(void *)io->result =
        otav_p256_verify(io->parameters, io->parameters + 64, io->parameters + 96);
}
