/*
 * A hand-over that does not look at its token, in place of the board's: the campaign has to notice that
 * one branch decides.
 * Layer: test; freestanding, in a weakened bootloader only (linked with --wrap).
 */
#include "wbz451_board.h"

_Noreturn void __real_wbz451_handover(uint32_t token);
_Noreturn void __wrap_wbz451_handover(uint32_t token);

_Noreturn void __wrap_wbz451_handover(uint32_t token)
{
    (void)token;
    __real_wbz451_handover(WBZ451_HANDOVER);
}
