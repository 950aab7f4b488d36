/*
 * Locks that are never read back: the campaign has to notice that one may stay open.
 * Layer: test; freestanding, in a weakened bootloader only (linked with --wrap).
 */
#include "wbz451_board.h"

uint32_t __wrap_wbz451_flash_open_locks(void);

uint32_t __wrap_wbz451_flash_open_locks(void)
{
    return 0;
}
