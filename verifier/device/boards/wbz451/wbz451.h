/*
 * Registers of the WBZ451 (PIC32CX1012BZ25048) that the bootloader uses; names are ours.
 *
 * Sources: [P] device pack PIC32CX-BZ_DFP 1.2.230, WBZ451 register description; [D] family data sheet
 * DS70005504, section; [S] PIC32CX-BZ2 Programming Specification. What no source says outright stands
 * in wbz451_inferred.h.
 */
#ifndef WBZ451_H
#define WBZ451_H

#include <stdint.h>

#define WBZ451_REG32(address) (*(volatile uint32_t *)(address))
#define WBZ451_REG16(address) (*(volatile uint16_t *)(address))
#define WBZ451_REG8(address)  (*(volatile uint8_t *)(address))

/* ---- memory [P] ------------------------------------------------------------------------------- */

#define WBZ451_MAIN_FLASH     0x01000000u
#define WBZ451_MAIN_FLASH_LEN 0x00100000u
#define WBZ451_RAM            0x20000000u
#define WBZ451_FLASH_PAGE_LEN 4096u       /* what is erased [D 24.15] */
#define WBZ451_FLASH_UNIT_LEN 16u         /* what is programmed: a quad word [D 24.13] */
#define WBZ451_UNLOCK_FIRST   0xAA996655u /* of NVM_KEY and of SYSKEY alike [S 6.1.8.1] */
#define WBZ451_UNLOCK_SECOND  0x556699AAu
#define WBZ451_SYSKEY_RELOCK  0x33333333u /* any other value does */

/* ---- configuration [P] ------------------------------------------------------------------------ */

#define CFG_CON1_SET          WBZ451_REG32(0x44000018u)
#define CFG_CON1_SERCOM0_PADS (1u << 17) /* SERCOM0 on its own pads, no pin select */
#define CFG_PCLKGEN1          WBZ451_REG32(0x44000060u)
#define CFG_PCLKGEN1_SERCOM0  0x09009000u /* REFO1 to SERCOM0 and to the radio, as the stock code */
#define CFG_SYSKEY            WBZ451_REG32(0x440000B0u)
#define CFG_PMD3              WBZ451_REG32(0x440000E0u)
#define CFG_PMD3_ICM          (1u << 4)
#define CFG_PMD3_TRNG         (1u << 6)
#define CFG_MISCSTAT          WBZ451_REG32(0x44000100u)
#define CFG_MISCSTAT_CLDORDY  (1u << 9)

/* ---- watchdog [D 16.7.1] ---------------------------------------------------------------------- */

#define WDT_CON       WBZ451_REG16(0x44000500u) /* lower half of WDTCON */
#define WDT_CON_ON    (1u << 15) /* of effect only if WDTEN of the configuration words is 0 */
#define WDT_CLEAR     WBZ451_REG16(0x44000502u) /* upper half of WDTCON; 16-bit writes only */
#define WDT_CLEAR_KEY 0x5743u

/* ---- flash controller [P, D 24] --------------------------------------------------------------- */

#define NVM_CON         WBZ451_REG32(0x44000600u)
#define NVM_CON_CLR     WBZ451_REG32(0x44000604u)
#define NVM_CON_SET     WBZ451_REG32(0x44000608u)
#define NVM_CON_OP_MASK 0xFu
#define NVM_CON_LVDERR  (1u << 12)
#define NVM_CON_WRERR   (1u << 13)
#define NVM_CON_WREN    (1u << 14)
#define NVM_CON_WR      (1u << 15)
#define NVM_KEY         WBZ451_REG32(0x44000620u)
#define NVM_ADDR        WBZ451_REG32(0x44000630u)
#define NVM_DATA(word)  WBZ451_REG32(0x44000640u + 0x10u * (word))
#define NVM_PWPLT       WBZ451_REG32(0x440006D0u) /* main flash below it is protected */
#define NVM_PWPGTE      WBZ451_REG32(0x440006E0u) /* main flash from it up is protected */
#define NVM_LBWP        WBZ451_REG32(0x440006F0u) /* boot pages that are protected */
#define NVM_LBWP_CLR    WBZ451_REG32(0x440006F4u)
#define NVM_LBWP_SET    WBZ451_REG32(0x440006F8u)
#define NVM_LBWP_PAGES  0x00FFFFFFu
#define NVM_ULOCK       (1u << 31) /* of all three; cleared: closed until the next reset */

enum nvm_operation { NVM_NO_OPERATION = 0, NVM_PROGRAM_QUAD = 2, NVM_ERASE_PAGE = 4 };

/* ---- clock and reset [P, D 13] ---------------------------------------------------------------- */

#define CRU_OSCCON         WBZ451_REG32(0x44000A00u)
#define CRU_OSCCON_SET     WBZ451_REG32(0x44000A08u)
#define CRU_OSCCON_OSWEN   1u
#define CRU_OSCCON_TO_SPLL 0x00000100u
#define CRU_SPLLCON        WBZ451_REG32(0x44000A20u)
#define CRU_SPLLCON_64MHZ  0xC0000108u
#define CRU_RCON           WBZ451_REG32(0x44000A30u)
#define CRU_RCON_CLR       WBZ451_REG32(0x44000A34u)
#define CRU_RCON_POR       (1u << 0)
#define CRU_RCON_BOR       (1u << 1)
#define CRU_RCON_WDTO      (1u << 4)
#define CRU_RCON_DMTO      (1u << 5)
#define CRU_RCON_SWR       (1u << 6)
#define CRU_RCON_EXTR      (1u << 7)
#define CRU_RCON_CMR       (1u << 9)
#define CRU_RCON_DPSLP     (1u << 10)
#define CRU_RCON_VBAT      (1u << 16)
#define CRU_RCON_POR_CORE  (1u << 30)
#define CRU_RCON_POR_IO    (1u << 31)
#define CRU_RSWRST         WBZ451_REG32(0x44000A40u)
#define CRU_RSWRST_SET     WBZ451_REG32(0x44000A48u)
#define CRU_REFO1CON       WBZ451_REG32(0x44000A70u)
#define CRU_REFO1CON_SET   WBZ451_REG32(0x44000A78u)
#define CRU_REFO1CON_SPLL  0x00000201u
#define CRU_REFO1CON_ON    0x00008000u
#define CRU_PB3DIV         WBZ451_REG32(0x44000B50u)
#define CRU_PB3DIV_10      0x00008009u

/* ---- radio's clock [P] ------------------------------------------------------------------------ */

#define RADIO_CONTROL0        WBZ451_REG32(0x41014000u)
#define RADIO_CONTROL0_STOCK  0x01000000u
#define RADIO_CONTROL1        WBZ451_REG32(0x41014004u)
#define RADIO_CONTROL1_STOCK  (1u << 4)
#define RADIO_BYPASS_CRYSTAL  (1u << 8)
#define RADIO_BYPASS_PLL      (1u << 9)
#define RADIO_STATUS1         WBZ451_REG32(0x41014024u)
#define RADIO_STATUS1_CRYSTAL (1u << 0)
#define RADIO_STATUS1_PLL     (1u << 1)
#define RADIO_DPLL2           WBZ451_REG8(0x410124BAu)
#define RADIO_DPLL2_OFF       (1u << 1)

/* ---- flash cache (PCHE) [P, D 9] and code cache (CMCC) [P] ------------------------------------- */

#define PCHE_CHECON         WBZ451_REG32(0x44012400u)
#define PCHE_WAIT_MASK      0xFu
#define PCHE_PREFETCH_MASK  (3u << 4)
#define PCHE_PREFETCH       (1u << 4)
#define PCHE_INVALIDATE_ALL (7u << 20) /* instructions, data, bus masters; hardware clears */

#define CMCC_CFG            WBZ451_REG32(0x41002004u)
#define CMCC_CFG_NO_DATA    (1u << 2)
#define CMCC_CFG_SIZE       (2u << 4)
#define CMCC_CTRL           WBZ451_REG32(0x41002008u)
#define CMCC_STATUS         WBZ451_REG32(0x4100200Cu)
#define CMCC_MAINTENANCE0   WBZ451_REG32(0x41002020u)
#define CMCC_INVALIDATE_ALL 1u

/* ---- port B [P] ------------------------------------------------------------------------------- */

#define GPIOB_ANSEL     WBZ451_REG32(0x44002300u) /* 1: analog, the pin's input is off */
#define GPIOB_ANSEL_CLR WBZ451_REG32(0x44002304u)
#define GPIOB_ANSEL_SET WBZ451_REG32(0x44002308u)
#define GPIOB_PORT      WBZ451_REG32(0x44002320u)
#define GPIOB_CNPU_CLR  WBZ451_REG32(0x44002354u) /* pull-ups */
#define GPIOB_CNPU_SET  WBZ451_REG32(0x44002358u)

/* ---- SERCOM0 as UART [P] ---------------------------------------------------------------------- */

#define UART_CTRLA           WBZ451_REG32(0x40000C00u)
#define UART_CTRLA_ENABLE    (1u << 1)
#define UART_CTRLA_INTERNAL  (1u << 2)
#define UART_CTRLA_IBON      (1u << 8)
#define UART_CTRLA_RX_PAD1   (1u << 20)
#define UART_CTRLA_LSB_FIRST (1u << 30)
#define UART_CTRLB           WBZ451_REG32(0x40000C04u)
#define UART_CTRLB_TX_RX     (3u << 16)
#define UART_BAUD            WBZ451_REG16(0x40000C0Cu)
#define UART_INTENCLR        WBZ451_REG8(0x40000C14u)
#define UART_INTENCLR_ALL    0xBFu
#define UART_INTFLAG         WBZ451_REG8(0x40000C18u)
#define UART_INTFLAG_DRE     (1u << 0)
#define UART_INTFLAG_TXC     (1u << 1)
#define UART_INTFLAG_RXC     (1u << 2)
#define UART_STATUS          WBZ451_REG16(0x40000C1Au)
#define UART_STATUS_ERRORS   7u /* parity, frame, overflow; written 1 to clear */
#define UART_SYNCBUSY        WBZ451_REG32(0x40000C1Cu)
#define UART_DATA            WBZ451_REG32(0x40000C28u)

/* ---- identity [P] ----------------------------------------------------------------------------- */

#define DSU_DID WBZ451_REG32(0x41000018u) /* low half: 0x9B8F */

/* ---- TRNG [P, D 35] --------------------------------------------------------------------------- */

#define TRNG_CTRLA         WBZ451_REG8(0x42002800u)
#define TRNG_CTRLA_ENABLE  2u
#define TRNG_INTFLAG       WBZ451_REG8(0x4200280Au)
#define TRNG_INTFLAG_READY 1u
#define TRNG_DATA          WBZ451_REG32(0x42002820u)

/* ---- ICM [P, D 25] ---------------------------------------------------------------------------- */

#define ICM_CFG              WBZ451_REG32(0x42002C00u)
#define ICM_CFG_NO_WRITEBACK (1u << 2)
#define ICM_CFG_START_VALUE  (1u << 12) /* hashing starts from ICM_START */
#define ICM_CFG_START_SHA256 (1u << 13)
#define ICM_CTRL             WBZ451_REG32(0x42002C04u)
#define ICM_CTRL_ENABLE      1u
#define ICM_CTRL_DISABLE     2u
#define ICM_CTRL_RESET       4u
#define ICM_STATUS           WBZ451_REG32(0x42002C1Cu)
#define ICM_STATUS_DONE      (1u << 0)
#define ICM_STATUS_ERRORS    (1u << 8 | 1u << 24) /* bus error of region 0, access to undefined */
#define ICM_INT_ENABLE       WBZ451_REG32(0x42002C10u)
#define ICM_DESCRIPTORS      WBZ451_REG32(0x42002C30u) /* 64-byte aligned */
#define ICM_RESULT           WBZ451_REG32(0x42002C34u) /* 128-byte aligned */
#define ICM_START(word)      WBZ451_REG32(0x42002C38u + 4u * (word))
#define ICM_REGION_SHA256    (1u << 12)
#define ICM_REGION_LAST      (1u << 2)
#define ICM_BLOCKS_MAX       0x10000u

/* ---- core (Arm DDI 0403E, B3) ----------------------------------------------------------------- */

#define SCB_VTOR        WBZ451_REG32(0xE000ED08u)
#define SCB_CPACR       WBZ451_REG32(0xE000ED88u)
#define SCB_CPACR_FPU   (0xFu << 20)
#define MPU_CTRL        WBZ451_REG32(0xE000ED94u)
#define MPU_RBAR        WBZ451_REG32(0xE000ED9Cu)
#define MPU_RASR        WBZ451_REG32(0xE000EDA0u)
#define MPU_CTRL_ON     5u /* and the default map where no region is */
#define MPU_RBAR_REGION 0x10u
/* Never execute, all may read and write, normal memory; and how long, of 2^(n + 1) bytes. */
#define MPU_RASR_DATA   0x13020001u
#define MPU_RASR_16_MB  (23u << 1)
#define MPU_RASR_512_MB (28u << 1)
#define NVIC_ICER(word) WBZ451_REG32(0xE000E180u + 4u * (word))
#define NVIC_ICPR(word) WBZ451_REG32(0xE000E280u + 4u * (word))
#define NVIC_WORDS      2u /* 40 interrupts [P] */

#endif
