/* Where things lie in the flash of this board. */
#ifndef WBZ451_LAYOUT_H
#define WBZ451_LAYOUT_H

#include <otav/otav_config.h>

#include "wbz451.h"

#define LAYOUT_FLOOR        0x00004000u /* boot page 4 */
#define LAYOUT_AUTHENTICATE 0x00005000u
#define LAYOUT_PROVISION    OTAV_PROVISION_ADDRESS
#define LAYOUT_SLOT0        OTAV_SLOT0_ADDRESS
#define LAYOUT_SLOT0_END    (OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN) /* application data follows */
#define LAYOUT_SLOT1        OTAV_SLOT1_ADDRESS
#define LAYOUT_RECORD       0x010FD000u /* boot record and journals, to the end of flash */
#define LAYOUT_APPLICATION  OTAV_FW_ADDRESS

#endif
