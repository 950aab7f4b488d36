/*
 * What the virtual device says, in words: codes of the verifier, the bootloader, the application's side
 * of it and the service.
 */
#ifndef OTAIMG_SIM_CODE_H
#define OTAIMG_SIM_CODE_H

#include <stdint.h>

/* "version is not newer", "unknown code" for one that none of them has. */
const char *sim_code_text(uint32_t code);

#endif
