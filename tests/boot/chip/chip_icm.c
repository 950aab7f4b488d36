/*
 * The ICM: SHA-256 over a region of memory that a descriptor names, by OpenSSL's compression.
 * Layer: test, host. spec: device pack, ICM; the order of the bytes: observed in the vendor's driver.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* nothing else gives out the compression function alone */
#include <openssl/sha.h>
#include <string.h>

#include "chip_model.h"

enum {
    CFG = 0x00,
    CTRL = 0x04,
    IER = 0x10,
    ISR = 0x1C,
    DSCR = 0x30,
    HASH = 0x34,
    START0 = 0x38,
    START7 = 0x54,
    BLOCK_LEN = 64
};

#define CFG_START_VALUE 0x1000u
#define CFG_SHA256      (1u << 13)
#define REGION          0x1004u
#define DONE            1u
#define BUS_ERROR       (1u << 8)
#define PMD3_ICM        (1u << 4)

/* Memory that a bus master reads; NULL with a fault if there is none. */
static const uint8_t *memory_at(struct chip *c, uint32_t address, uint64_t len)
{
    uint32_t page = chip_page_of(address);

    if (address >= CHIP_RAM && address - CHIP_RAM + len <= CHIP_RAM_LEN) {
        return c->ram + (address - CHIP_RAM);
    }
    if (page < PAGES && address - CHIP_MAIN + len <= CHIP_MAIN_LEN) {
        for (uint32_t i = page; i <= page + (address % CHIP_PAGE_LEN + len - 1) / CHIP_PAGE_LEN;
             i++) {
            if ((c->cells.stale[i] & STALE_BUS) != 0) {
                chip_broken_rule(c, "the ICM reads an old copy of 0x%08x", address);
            }
        }
        return c->cells.bytes + (size_t)page * CHIP_PAGE_LEN + address % CHIP_PAGE_LEN;
    }
    chip_fault(c, "the ICM reads 0x%08x", address);
    return NULL;
}

static void hash(struct chip *c, const uint8_t *blocks, uint32_t count)
{
    SHA256_CTX ctx;
    uint8_t *result = c->ram + (c->icm.result - CHIP_RAM);

    SHA256_Init(&ctx);
    for (unsigned i = 0; i < 8; i++) {
        ctx.h[i] = __builtin_bswap32(c->icm.start[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        SHA256_Transform(&ctx, blocks + (size_t)i * BLOCK_LEN);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word = __builtin_bswap32(ctx.h[i]);

        memcpy(result + (size_t)4 * i, &word, sizeof word);
    }
}

static void run(struct chip *c)
{
    const struct icm *icm = &c->icm;
    uint32_t descriptor[4];
    const uint8_t *at;

    if (icm->descriptors % 64 != 0 || icm->result % 128 != 0 ||
        icm->result - CHIP_RAM > CHIP_RAM_LEN - 32 ||
        icm->cfg != (4u | CFG_START_VALUE | CFG_SHA256) ||
        (c->parts.cfg[0xE0 / 4] & PMD3_ICM) != 0) {
        chip_broken_rule(c, "the ICM starts with an odd set-up");
        return;
    }
    at = memory_at(c, icm->descriptors, sizeof descriptor);
    if (at == NULL) {
        return;
    }
    memcpy(descriptor, at, sizeof descriptor);
    if (descriptor[0] % 64 != 0 || descriptor[1] != REGION || descriptor[2] > 0xFFFFu ||
        descriptor[3] != 0) {
        chip_broken_rule(c, "odd descriptor of the ICM");
        return;
    }
    at = memory_at(c, descriptor[0], ((uint64_t)descriptor[2] + 1) * BLOCK_LEN);
    if (at != NULL) {
        hash(c, at, descriptor[2] + 1);
        c->icm_blocks += descriptor[2] + 1;
    }
}

static void start(struct chip *c)
{
    c->icm.running = true;
    c->icm.polls = c->settings.busy_polls;
    if (c->settings.icm_bus_error) {
        c->icm.status = BUS_ERROR;
    } else if (!c->settings.icm_dead) {
        run(c);
    }
}

void chip_icm_write(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    struct icm *icm = &c->icm;

    if (len != 4) {
        chip_broken_rule(c, "%u byte(s) to ICM+0x%x", len, offset);
    } else if (offset == CTRL) {
        if ((value & 4u) != 0) {
            *icm = (struct icm){0};
        } else if ((value & 2u) != 0) {
            icm->running = false;
        } else if ((value & 1u) != 0) {
            start(c);
        }
    } else if (icm->running) {
        chip_broken_rule(c, "ICM+0x%x written while it runs", offset);
    } else if (offset == CFG) {
        icm->cfg = value;
    } else if (offset == IER) {
        icm->enabled |= value;
    } else if (offset == DSCR) {
        icm->descriptors = value;
    } else if (offset == HASH) {
        icm->result = value;
    } else if (offset >= START0 && offset <= START7 && offset % 4 == 0) {
        icm->start[(offset - START0) / 4] = value;
    } else {
        chip_fault(c, "write to ICM+0x%x", offset);
    }
}

uint32_t chip_icm_read(struct chip *c, uint32_t offset, unsigned len)
{
    struct icm *icm = &c->icm;

    if (len != 4 || offset != ISR) {
        chip_fault(c, "read of ICM+0x%x", offset);
        return 0;
    }
    if (icm->running && chip_passed(&icm->polls) && !c->settings.icm_dead &&
        !c->settings.icm_bus_error) {
        icm->status |= DONE;
    }
    return icm->status & (icm->enabled | BUS_ERROR);
}
