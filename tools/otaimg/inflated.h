/*
 * The device's inflate for hosts: what a stream refers back to is kept in memory, where a device reads
 * its flash.
 */
#ifndef OTAIMG_INFLATED_H
#define OTAIMG_INFLATED_H

#include <otav/otav_inflate.h>

/* spec: RFC 1951, 3.2.5: the longest distance; a power of two */
#define INFLATED_WINDOW_LEN 32768u

/* Not to be moved once it is initialised; only decoder is for others. */
struct inflated {
    struct otav_decoder decoder; /* for the verifier, or to be fed by hand */
    struct otav_inflate inflate;
    struct otav_decoder_io io; /* of whoever began; its read is not called */
    uint32_t written_len;
    uint8_t
        window[INFLATED_WINDOW_LEN]; /* the last bytes written, at their offset modulo its length */
};

void inflated_init(struct inflated *inflated);

#endif
