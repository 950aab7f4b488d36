/* The flash controller as whoever does not care uses it. */
#ifndef RAW_FLASH_H
#define RAW_FLASH_H

#include <stdint.h>

/* An operation without any care: nothing is checked, cleared or invalidated. */
void guest_operate(uint32_t address, uint32_t operation);

#endif
