/* Workload: bytes decrypted in place; parameters: key, IV. Layer: test; freestanding. */
#include <aes_cbc.h>

#include "io.h"

void workload(struct measure_io *io)
{
    struct otav_aes_state *state = (struct otav_aes_state *)(void *)io->state;

    otav_soft_aes_cbc_begin(0, state, io->parameters, io->parameters + 16);
    for (uint32_t i = 0; i < io->len; i += io->call_len) {
        uint32_t len = io->len - i < io->call_len ? io->len - i : io->call_len;

        otav_soft_aes_cbc_decrypt(0, state, io->bytes + i, len);
    }
    otav_soft_aes_cbc_end(0, state);
}
