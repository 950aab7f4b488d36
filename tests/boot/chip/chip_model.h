/* The inside of the emulated chip, for its own files. */
#ifndef CHIP_MODEL_H
#define CHIP_MODEL_H

#include <unicorn/unicorn.h>

#include "chip.h"
#include "elf_guest.h"

enum {
    BOOT_PAGES = CHIP_BOOT_LEN / CHIP_PAGE_LEN,
    PAGES = BOOT_PAGES + CHIP_MAIN_LEN / CHIP_PAGE_LEN,
    UNITS = PAGES * CHIP_PAGE_LEN / CHIP_UNIT_LEN,
    CHIP_PORT_B_ANALOG = 0xFF, /* after a reset */
    REGIONS = 11,              /* of registers, as chip.c maps them */
    MPU_REGIONS = 8,
    QUEUE_LEN = 8192,
    MESSAGE_LEN = 160
};

/* Who still holds what a page was before. */
enum { STALE_PCHE = 1, STALE_CMCC = 2, STALE_BUS = 4 };

/* The cells of boot and main flash, one behind the other. */
struct cells {
    uint8_t bytes[PAGES * CHIP_PAGE_LEN];
    bool programmed[UNITS];
    uint8_t stale[PAGES];
    uint32_t stale_count; /* pages that are not 0 there */
    uint32_t erases[PAGES];
    uint64_t
        changed_at[PAGES]; /* the number of the page's last change, whatever of the above it was */
    uint64_t changes;
    /* one operation that was cut off and reads differently each time: between both */
    uint32_t torn_at, torn_len, torn_random;
    uint8_t torn_before[CHIP_PAGE_LEN];
    uint8_t torn_after[CHIP_PAGE_LEN];
};

struct nvm {
    uint32_t con, con2, addr, data[4], source;
    uint32_t pwplt, pwpgte, lbwp;
    uint32_t key_stage; /* 3: the next protected write is taken */
    uint32_t polls;     /* until the operation under way is done */
    uint32_t operations;
    uint32_t cut_at, cut_seed;
    enum chip_cut cut;
};

struct queue {
    uint8_t bytes[QUEUE_LEN];
    uint32_t head, count;
};

struct uart {
    uint32_t ctrla, ctrlb, baud;
    uint32_t polls, quiet_polls;
    bool sent;
    struct queue in, out;
};

struct icm {
    uint32_t cfg, status, enabled, descriptors, result, start[8];
    uint32_t polls;
    bool running;
};

struct parts {
    uint32_t cfg[0x120 / 4]; /* plain registers of CFG */
    uint32_t syskey_stage;
    uint32_t osccon, spllcon, rcon, rswrst, refo1con, pb3div;
    uint32_t checon, invalidate_polls;
    uint32_t cmcc_cfg, cmcc_on;
    uint32_t radio0, radio1, dpll2;
    uint32_t trng_on, trng_word;
    uint32_t port_b_analog, port_b_pull_ups, port_b_looks;
    uint32_t polls;
    uint32_t kicks;
    uint64_t kicked_at, longest_without_kick;
    bool watchdog_on;
    uint32_t system[0x1000 / 4]; /* 0xE000E000 */
    uint32_t mpu_start[MPU_REGIONS], mpu_attributes[MPU_REGIONS];
};

struct port {
    struct chip *chip;
    uint32_t address;
};

struct chip {
    uc_engine *uc;
    uc_context *power_on;
    /* What the core sees of flash: the cells as they were when last read past the caches. */
    uint8_t view[PAGES * CHIP_PAGE_LEN];
    uint8_t ram[CHIP_RAM_LEN];
    struct cells cells;
    struct nvm nvm;
    struct uart uart;
    struct icm icm;
    struct parts parts;
    struct chip_settings settings;
    struct elf_guest elf;
    struct port ports[REGIONS];
    uint8_t ram_fill;

    /* of the run */
    bool (*watch)(void *user, uint32_t pc);
    void *watch_user;
    uint32_t patched_at, patched_len;
    uint32_t pc, stop_at, lowest_sp;
    uint64_t instructions;
    uint64_t icm_blocks;
    bool ended;
    enum chip_outcome outcome;
    struct chip_end end;
    char message[MESSAGE_LEN];
    unsigned broken_rules;
    char first_broken_rule[MESSAGE_LEN];
};

/* A range of registers. Offsets count from its start. */
struct device {
    uint32_t start, end;
    uint32_t (*read)(struct chip *chip, uint32_t offset, unsigned len);
    void (*write)(struct chip *chip, uint32_t offset, unsigned len, uint32_t value);
};

uint32_t chip_nvm_read(struct chip *chip, uint32_t offset, unsigned len);
void chip_nvm_write(struct chip *chip, uint32_t offset, unsigned len, uint32_t value);
void chip_nvm_reset(struct chip *chip);

uint32_t chip_icm_read(struct chip *chip, uint32_t offset, unsigned len);
void chip_icm_write(struct chip *chip, uint32_t offset, unsigned len, uint32_t value);

uint32_t chip_uart_read(struct chip *chip, uint32_t offset, unsigned len);
void chip_uart_write(struct chip *chip, uint32_t offset, unsigned len, uint32_t value);

const struct device *chip_device_at(uint32_t address);
void chip_parts_reset(struct chip *chip, uint32_t causes);
bool chip_is_fast(const struct chip *chip);
/* What the MPU says; it is off after a reset. */
bool chip_may_execute(const struct chip *chip, uint32_t address);

/* The page of an address in boot or main flash, or PAGES. */
uint32_t chip_page_of(uint32_t address);
uint32_t chip_address_of_page(uint32_t page);
/* Whoever alters one of a page's arrays says so. */
void chip_page_changed(struct chip *chip, uint32_t page);
/* Forgets in some caches (STALE_*); the core sees the cells of all pages that none holds. */
void chip_drop_caches(struct chip *chip, uint8_t who);
/* Core and memory: an error of the engine ends the program. */
void chip_check(uc_err err, const char *what);
/* A register with its CLR, SET and INV neighbours: what it becomes. */
uint32_t chip_apply(uint32_t old, uint32_t offset, uint32_t value);
/* True once polls have passed. */
bool chip_passed(uint32_t *polls);

void chip_end_run(struct chip *chip, enum chip_outcome outcome);
__attribute__((format(printf, 2, 3))) void chip_fault(struct chip *chip, const char *format, ...);
__attribute__((format(printf, 2, 3))) void chip_broken_rule(struct chip *chip, const char *format,
                                                            ...);

#endif
