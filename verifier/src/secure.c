/*
 * Wiping that survives optimisation. Layer: below everything else.
 */
#include "secure.h"

void otav_wipe(void *p, size_t len)
{
    volatile uint8_t *bytes = p;

    while (len > 0) {
        len--;
        bytes[len] = 0;
    }
}
