/* Workload that takes an address from its input. Layer: test; freestanding. */
#include "io.h"

void workload(struct measure_io *io)
{
    io->result[0] = io->bytes[io->parameters[0]];
}
