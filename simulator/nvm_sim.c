/*
 * The flash simulator. Layer: lowest of the simulator. Invariant: what it lets pass, the rules of the real flash allow.
 */
#include "nvm_sim.h"

#include <string.h>

uint64_t nvm_random(struct nvm_sim *sim)
{
    sim->random ^= sim->random << 13;
    sim->random ^= sim->random >> 7;
    sim->random ^= sim->random << 17;
    return sim->random * UINT64_C(0x2545F4914F6CDD1D);
}

static void random_bytes(struct nvm_sim *sim, uint8_t *ret, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = nvm_random(sim);

        memcpy(ret + i, &word, 8);
    }
}

static void changed(struct nvm_sim *sim, unsigned page)
{
    sim->version[page] = ++sim->next_version;
}

void nvm_init(struct nvm_sim *sim, uint64_t seed)
{
    memset(sim, 0, sizeof *sim);
    memset(sim->bytes, 0xFF, sizeof sim->bytes);
    sim->random = seed * 2 + 1;
}

/* Versions only grow, also across a restore, so that no two contents share one. */
void nvm_restore(struct nvm_sim *sim, const struct nvm_sim *from)
{
    for (unsigned page = 0; page < NVM_PAGES; page++) {
        if (sim->version[page] != from->version[page]) {
            memcpy(sim->bytes[page], from->bytes[page], OTAV_PAGE_LEN);
            memcpy(sim->programmed[page], from->programmed[page], NVM_UNITS);
            sim->version[page] = from->version[page];
        }
        sim->torn_index[page] = from->torn_index[page];
        if (from->torn_index[page] != 0) {
            sim->torn[from->torn_index[page] - 1] = from->torn[from->torn_index[page] - 1];
        }
    }
    memcpy(sim->erases, from->erases, sizeof sim->erases);
    if (from->next_version > sim->next_version) {
        sim->next_version = from->next_version;
    }
    sim->op_count = from->op_count;
    sim->random = from->random;
    sim->violation = from->violation;
    sim->fail_nth = 0;
    nvm_restart(sim);
}

void nvm_restart(struct nvm_sim *sim)
{
    sim->cut_at = 0;
    sim->powerless = false;
    for (unsigned i = 0; i < NVM_TORN_MAX; i++) {
        sim->torn[i].is_other = (nvm_random(sim) >> 32 & 1) != 0;
    }
}

unsigned nvm_page(uint32_t address)
{
    if (address < NVM_BOOT_PAGES * OTAV_PAGE_LEN) {
        return address / OTAV_PAGE_LEN;
    }
    if (address >= NVM_MAIN_ADDRESS &&
        address < NVM_MAIN_ADDRESS + NVM_MAIN_PAGES * OTAV_PAGE_LEN) {
        return NVM_BOOT_PAGES + (address - NVM_MAIN_ADDRESS) / OTAV_PAGE_LEN;
    }
    return NVM_PAGES;
}

void nvm_put(struct nvm_sim *sim, uint32_t address, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    for (size_t i = 0; i < len; i++) {
        uint32_t at = address + (uint32_t)i;
        unsigned page = nvm_page(at);

        sim->bytes[page][at % OTAV_PAGE_LEN] = from[i];
        sim->programmed[page][at % OTAV_PAGE_LEN / OTAV_UNIT_LEN] = 1;
        changed(sim, page);
    }
}

void nvm_wipe_page(struct nvm_sim *sim, uint32_t address)
{
    unsigned page = nvm_page(address);

    memset(sim->bytes[page], 0xFF, OTAV_PAGE_LEN);
    memset(sim->programmed[page], 0, NVM_UNITS);
    sim->torn_index[page] = 0;
    changed(sim, page);
}

/* ---- tearing ---------------------------------------------------------------------------------- */

static struct nvm_torn *torn_page(struct nvm_sim *sim, unsigned page)
{
    bool used[NVM_TORN_MAX] = {false};

    if (sim->torn_index[page] == 0) {
        for (unsigned i = 0; i < NVM_PAGES; i++) {
            if (sim->torn_index[i] != 0) {
                used[sim->torn_index[i] - 1] = true;
            }
        }
        for (unsigned i = 0; i < NVM_TORN_MAX; i++) {
            if (!used[i]) {
                memset(&sim->torn[i], 0, sizeof sim->torn[i]);
                sim->torn_index[page] = (uint8_t)(i + 1);
                break;
            }
        }
    }
    if (sim->torn_index[page] == 0) {
        sim->violation = "more torn pages than the simulator holds";
        return &sim->torn[0];
    }
    return &sim->torn[sim->torn_index[page] - 1];
}

/* len bytes on the way from what they are to target. */
static void tear(struct nvm_sim *sim, unsigned page, unsigned off, const uint8_t *target,
                 size_t len)
{
    uint8_t *bytes = sim->bytes[page] + off;
    uint8_t pick[OTAV_PAGE_LEN];
    size_t part = 1 + nvm_random(sim) % (len - 1);
    struct nvm_torn *torn;

    random_bytes(sim, pick, len);
    if (sim->cut == NVM_TORN_PREFIX) {
        memcpy(bytes, target, part);
        return;
    }
    if (sim->cut != NVM_TORN_FLICKER && sim->cut != NVM_TORN_BOOT) {
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)((bytes[i] & ~pick[i]) | (target[i] & pick[i]));
        }
    }
    if (sim->cut == NVM_TORN_SUBSET) {
        return;
    }
    torn = torn_page(sim, page);
    torn->per_boot = sim->cut == NVM_TORN_BOOT;
    torn->flicker = sim->cut == NVM_TORN_FLICKER || torn->per_boot;
    random_bytes(sim, pick, len);
    for (size_t i = 0; i < len; i++) {
        torn->other[off + i] = target[i];
        torn->mask[off + i] = torn->flicker ? 0xFF : pick[i];
    }
}

/* What a torn erase leaves in units besides old and erased bits: noise in a quarter of them. */
static void add_noise(struct nvm_sim *sim, unsigned page)
{
    for (size_t unit = 0; unit < NVM_UNITS; unit++) {
        if (nvm_random(sim) % 4 == 0) {
            random_bytes(sim, sim->bytes[page] + unit * OTAV_UNIT_LEN, OTAV_UNIT_LEN);
        }
    }
}

/* Whether the operation that begins now is the one at which the power goes. */
static bool power_goes(struct nvm_sim *sim)
{
    sim->op_count++;
    if (sim->op_count != sim->cut_at) {
        return false;
    }
    sim->powerless = true;
    return true;
}

static bool fails(struct nvm_sim *sim, enum nvm_op op)
{
    unsigned n = ++sim->calls[op];

    return sim->powerless || sim->violation != NULL ||
           (sim->fail_nth != 0 && sim->fail_op == op &&
            (n == sim->fail_nth || (sim->fail_forever && n > sim->fail_nth)));
}

/* ---- callbacks -------------------------------------------------------------------------------- */

static void read_torn(struct nvm_sim *sim, unsigned page, unsigned off, uint8_t *ret, size_t len)
{
    const struct nvm_torn *torn = &sim->torn[sim->torn_index[page] - 1];
    uint64_t coin = nvm_random(sim);
    unsigned unit = off / OTAV_UNIT_LEN;

    for (size_t i = 0; i < len; i++) {
        uint8_t pick;

        if ((off + i) / OTAV_UNIT_LEN != unit || i % 8 == 0) {
            unit = (unsigned)((off + i) / OTAV_UNIT_LEN);
            coin =
                torn->flicker && (off + i) % OTAV_UNIT_LEN != 0 && i != 0 ? coin : nvm_random(sim);
        }
        pick = (uint8_t)(coin >> i % 8 * 8);
        if (torn->flicker) {
            pick = (torn->per_boot ? torn->is_other : (coin & 1) != 0) ? 0xFF : 0;
        }
        pick &= torn->mask[off + i];
        ret[i] = (uint8_t)((ret[i] & ~pick) | (torn->other[off + i] & pick));
    }
}

static uint32_t read_flash(void *user, uint32_t address, uint8_t *ret, size_t len)
{
    struct nvm_sim *sim = user;

    if (fails(sim, NVM_READ)) {
        return OTAV_REJECT;
    }
    for (size_t done = 0; done < len;) {
        uint32_t at = address + (uint32_t)done;
        unsigned page = nvm_page(at);
        unsigned off = at % OTAV_PAGE_LEN;
        size_t part = OTAV_PAGE_LEN - off < len - done ? OTAV_PAGE_LEN - off : len - done;

        if (page >= NVM_PAGES) {
            sim->violation = "read outside of the flash";
            return OTAV_REJECT;
        }
        memcpy(ret + done, sim->bytes[page] + off, part);
        if (sim->torn_index[page] != 0) {
            read_torn(sim, page, off, ret + done, part);
        }
        done += part;
    }
    return OTAV_ACCEPT;
}

/* Neither application data nor boot flash; of the latter page 4 may be programmed. */
static bool is_guarded(unsigned page, bool erase)
{
    return page >= NVM_PAGES || (page < NVM_BOOT_PAGES && (erase || page != NVM_FLOOR_PAGE)) ||
           (page >= nvm_page(OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN) &&
            page < nvm_page(OTAV_SLOT1_ADDRESS));
}

static uint32_t erase_flash(void *user, uint32_t address)
{
    static uint8_t erased[OTAV_PAGE_LEN];
    struct nvm_sim *sim = user;
    unsigned page = nvm_page(address);
    bool goes;

    if (fails(sim, NVM_ERASE)) {
        return OTAV_REJECT;
    }
    if (address % OTAV_PAGE_LEN != 0 || is_guarded(page, true)) {
        sim->violation = "erase of what must not be erased";
        return OTAV_REJECT;
    }
    if (sim->worn_page != 0 && page == sim->worn_page) {
        return OTAV_REJECT;
    }
    goes = power_goes(sim);
    if (goes && sim->cut == NVM_CUT_BEFORE) {
        return OTAV_REJECT;
    }
    sim->erases[page]++;
    changed(sim, page);
    if (goes && sim->cut != NVM_CUT_AFTER) {
        memset(erased, 0xFF, sizeof erased);
        memset(sim->programmed[page], 1, NVM_UNITS);
        tear(sim, page, 0, erased, OTAV_PAGE_LEN);
        if (sim->cut == NVM_TORN_SUBSET) {
            add_noise(sim, page);
        }
        return OTAV_REJECT;
    }
    memset(sim->bytes[page], 0xFF, OTAV_PAGE_LEN);
    memset(sim->programmed[page], 0, NVM_UNITS);
    sim->torn_index[page] = 0;
    return goes ? OTAV_REJECT : OTAV_ACCEPT;
}

static bool reads_erased(const struct nvm_sim *sim, unsigned page, unsigned off)
{
    for (unsigned i = off; i < off + OTAV_UNIT_LEN; i++) {
        if (sim->bytes[page][i] != 0xFF ||
            (sim->torn_index[page] != 0 && sim->torn[sim->torn_index[page] - 1].mask[i] != 0)) {
            return false;
        }
    }
    return true;
}

static uint32_t program_flash(void *user, uint32_t address, const uint8_t *unit)
{
    struct nvm_sim *sim = user;
    unsigned page = nvm_page(address);
    unsigned off = address % OTAV_PAGE_LEN;
    bool goes;

    if (fails(sim, NVM_PROGRAM)) {
        return OTAV_REJECT;
    }
    if (address % OTAV_UNIT_LEN != 0 || is_guarded(page, false)) {
        sim->violation = "program of what must not be programmed";
        return OTAV_REJECT;
    }
    if (sim->programmed[page][off / OTAV_UNIT_LEN] != 0) {
        sim->violation = "a unit was programmed without erase";
        return OTAV_REJECT;
    }
    goes = power_goes(sim);
    if (goes && sim->cut == NVM_CUT_BEFORE) {
        return OTAV_REJECT;
    }
    changed(sim, page);
    if (goes && sim->cut != NVM_CUT_AFTER) {
        tear(sim, page, off, unit, OTAV_UNIT_LEN);
        sim->programmed[page][off / OTAV_UNIT_LEN] = reads_erased(sim, page, off) ? 0 : 1;
        return OTAV_REJECT;
    }
    memcpy(sim->bytes[page] + off, unit, OTAV_UNIT_LEN);
    sim->programmed[page][off / OTAV_UNIT_LEN] = 1;
    return goes ? OTAV_REJECT : OTAV_ACCEPT;
}

static void kick(void *user)
{
    struct nvm_sim *sim = user;

    sim->kick_count++;
}

static uint32_t random_word(void *user)
{
    return (uint32_t)nvm_random(user);
}

struct otab_platform nvm_platform(struct nvm_sim *sim, const struct otav_crypto *crypto)
{
    const struct otab_platform platform = {sim,           crypto, read_flash,  erase_flash,
                                           program_flash, kick,   random_word, NULL};

    return platform;
}
