/*
 * Where things lie on this board for a bootloader: the map of the WBZ451, moved.
 *
 * The core keeps the chip's addresses, so that its object code is the chip's; the flash driver adds
 * the difference. The flash is PSRAM, which survives a reset, and the power when a file stands behind
 * it. Boot pages 0..3, the code, are the machine's own memory at 0.
 */
#ifndef MPS2_LAYOUT_H
#define MPS2_LAYOUT_H

#include <otav/otav_config.h>

#include "board.h"

/* Offsets in PSRAM, and in the file. */
#define LAYOUT_MAIN_OFF    0x00000000u /* the chip's 0x01000000 */
#define LAYOUT_BOOT_OFF    0x00100000u /* boot pages 4 and 5 at 0x4000 and 0x5000 from here */
#define LAYOUT_CONTROL_OFF 0x00200000u /* struct board_flash_control, no flash */

#define LAYOUT_CHIP_MAIN     OTAV_SLOT0_ADDRESS
#define LAYOUT_CHIP_MAIN_LEN 0x00100000u

/* Address here of an address of the chip's main or boot flash. */
#define LAYOUT_MAIN(address) (BOARD_PSRAM + LAYOUT_MAIN_OFF + ((address)-LAYOUT_CHIP_MAIN))
#define LAYOUT_BOOT(address) (BOARD_PSRAM + LAYOUT_BOOT_OFF + (address))

#define LAYOUT_APPLICATION LAYOUT_MAIN(OTAV_FW_ADDRESS)
#define LAYOUT_PROVISION   LAYOUT_BOOT(OTAV_PROVISION_ADDRESS)

/* What the bootloader leaves for the application, as on the chip. The bootloader's RAM is below. */
#define LAYOUT_LEFT      0x2001FC00u
#define LAYOUT_RAM_START 0x20008000u
#define LAYOUT_STACK_END 0x2001FBF8u

#endif
