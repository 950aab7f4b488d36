/* Memory for zlib, which asks for it piece by piece and says nowhere how much that will be. */
#ifndef MEASURE_ZLIB_MEMORY_H
#define MEASURE_ZLIB_MEMORY_H

#include <zlib.h>

#include "io.h"

struct zlib_memory {
    uint8_t *bytes;
    uint32_t len; /* handed out */
};

static inline voidpf zlib_take(voidpf opaque, uInt count, uInt len)
{
    struct zlib_memory *memory = opaque;
    uint8_t *taken = memory->bytes + memory->len;

    memory->len += (count * len + 7) / 8 * 8;
    return taken;
}

static inline void zlib_give_back(voidpf opaque, voidpf bytes)
{
    (void)opaque;
    (void)bytes;
}

/* A stream without input, whose memory is that one. */
static inline z_stream *zlib_stream(struct zlib_memory *memory)
{
    z_stream *z = zlib_take(memory, 1, sizeof *z);

    z->zalloc = zlib_take;
    z->zfree = zlib_give_back;
    z->opaque = memory;
    z->next_in = NULL;
    z->avail_in = 0;
    return z;
}

#endif
