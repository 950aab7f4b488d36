/* Sum of bytes modulo 2^32: what the checksum of an OTA file is made from. */
#ifndef OTAIMG_BYTE_SUM_H
#define OTAIMG_BYTE_SUM_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t byte_sum(const uint8_t *bytes, size_t len)
{
    uint64_t total = 0;

    /* Eight bytes at a time in four 16-bit lanes, emptied before a lane can overflow. */
    while (len >= 8) {
        size_t words = len / 8 < 128 ? len / 8 : 128;
        uint64_t lanes = 0;

        for (size_t i = 0; i < words; i++, bytes += 8) {
            uint64_t word;

            __builtin_memcpy(&word, bytes, sizeof word);
            lanes +=
                (word & UINT64_C(0x00FF00FF00FF00FF)) + (word >> 8 & UINT64_C(0x00FF00FF00FF00FF));
        }
        len -= words * 8;
        total += (lanes & 0xFFFF) + (lanes >> 16 & 0xFFFF) + (lanes >> 32 & 0xFFFF) + (lanes >> 48);
    }
    while (len > 0) {
        total += *bytes++;
        len--;
    }
    return (uint32_t)total;
}

#endif
