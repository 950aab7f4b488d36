/*
 * The stock bootloader's service for applications, called at 0x5001: is the image in a slot good?
 * Layer: program, in the application's context: its clock, its interrupts. Invariants: nothing but the
 * caller's memory is written, and no peripheral is used but the flash cache's invalidation and the
 * watchdog, so that PMD3 stays as it is; the answer is made of two verdicts.
 */
#include <otav/otav_error.h>
#include <otav/otav_provision.h>
#include <string.h>

#include "boot_image.h"
#include "known.h"
#include "layout.h"
#include "wbz451_board.h"

/* observed: what stock applications allocate, and what they understand. */
enum { MEMORY_LEN = 3244, GOOD = 1, BAD = 0 };

enum { MEMORY_OFFSET_MAX = (int)(OTAB_RAM_END - OTAB_RAM_START) - MEMORY_LEN };

struct verification {
    struct otav_config config;
    struct otav_context ctx;
};

/* One after the other. The stack grows down from the end of the caller's memory, to the context of
 * the reader, which does not use it, and to the end of the verification. */
union work {
    struct otab_boot reader;
    struct verification verification;
};

_Static_assert(offsetof(struct otab_boot, ctx) < sizeof(struct verification) &&
                   sizeof(struct verification) + 1280 <= MEMORY_LEN,
               "no room for a stack");

uint32_t wbz451_authenticate(uint32_t slot, uintptr_t memory);
void wbz451_authenticate_entry(void);

/* r0: slot, r1: memory. Whatever is not a slot and not memory is refused while the stack is still the
 * caller's. In thread mode on the main stack, the memory becomes the process stack for as
 * long as it takes, so that interrupts stay on the main one; else the stack pointer moves there. */
__attribute__((naked, used, section(".authenticate_entry"))) void wbz451_authenticate_entry(void)
{
    __asm__ volatile("cmp r0, #1\n\t"
                     "bhi 3f\n\t"
                     "tst r1, #3\n\t"
                     "bne 3f\n\t"
                     "sub r2, r1, %1\n\t"
                     "movw r3, %2\n\t"
                     "movt r3, %3\n\t"
                     "cmp r2, r3\n\t"
                     "bhi 3f\n\t"
                     "push {r4, r5, r6, lr}\n\t"
                     "mrs r5, control\n\t"
                     "mrs r6, ipsr\n\t"
                     "mov r4, sp\n\t"
                     "movw r2, %0\n\t"
                     "add r2, r1\n\t"
                     "bic r2, r2, #7\n\t"
                     "and r3, r5, #2\n\t"
                     "orrs r3, r6\n\t"
                     "bne 1f\n\t"
                     "msr psp, r2\n\t"
                     "orr r3, r5, #2\n\t"
                     "msr control, r3\n\t"
                     "isb\n\t"
                     "bl wbz451_authenticate\n\t"
                     "msr control, r5\n\t"
                     "isb\n\t"
                     "b 2f\n"
                     "1:\n\t"
                     "mov sp, r2\n\t"
                     "bl wbz451_authenticate\n\t"
                     "mov sp, r4\n"
                     "2:\n\t"
                     "pop {r4, r5, r6, pc}\n"
                     "3:\n\t"
                     "movs r0, %4\n\t"
                     "bx lr" ::"i"(MEMORY_LEN),
                     "i"(OTAB_RAM_START), "i"(MEMORY_OFFSET_MAX & 0xFFFF),
                     "i"(MEMORY_OFFSET_MAX >> 16), "i"(BAD));
}

static uint32_t read_slot(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    wbz451_kick(NULL); /* it takes longer than an application's watchdog may wait */
    memcpy(ret_bytes, (const uint8_t *)user + offset, len);
    return OTAV_ACCEPT;
}

/* The device as its next boot will see it. */
static bool configure(union work *work)
{
    struct known known;
    struct otav_config *config = &work->verification.config;

    if (!known_read(&work->reader, &known)) {
        return false;
    }
    memset(work, 0, sizeof *work);
    if (otav_provision_decode((const uint8_t *)LAYOUT_PROVISION, &otav_crypto_soft_no_aes,
                              config) != OTAV_OK) {
        return false;
    }
    config->has_installed = true;
    config->installed_version = known.version;
    config->counter_floor = known.floor;
    for (unsigned i = 0; i < config->key_count; i++) {
        config->keys[i].revoked = (known.revoked >> i & 1) != 0;
    }
    return true;
}

static uint32_t verify(struct verification *v, uint32_t slot)
{
    const struct otav_flash flash = {
        .user = (void *)(slot == 0 ? LAYOUT_SLOT0 : LAYOUT_SLOT1),
        .read = read_slot,
    };
    enum otav_err err = otav_verify_slot(&v->ctx, &v->config, &otav_crypto_soft_no_aes, &flash,
                                         slot == 0 ? OTAV_BOOT : OTAV_INSTALL);
    const uint8_t *metadata = otav_get_metadata(&v->ctx);
    const uint8_t *vectors = (const uint8_t *)flash.user + OTAV_META_LEN;
    uint32_t good = BAD;

    if (err == OTAV_OK && metadata != NULL && otav_verdict(&v->ctx) == OTAV_ACCEPT &&
        otab_vectors_fit(vectors, otav_load_u32(metadata + OTAV_META_FW_LEN_OFF))) {
        good = GOOD;
    }
    return otav_verdict(&v->ctx) == OTAV_ACCEPT ? good : BAD;
}

/* Leaves no key behind: the memory, which is aligned to words, goes back to the application. */
uint32_t wbz451_authenticate(uint32_t slot, uintptr_t memory)
{
    union work *work = (union work *)((memory + 7) & ~(uintptr_t)7);
    volatile uint8_t *byte = (volatile uint8_t *)work;
    uint32_t result = BAD;

    wbz451_flash_cache_invalidate();
    if (configure(work)) {
        result = verify(&work->verification, slot);
        otav_close(&work->verification.ctx);
    }
    for (size_t i = 0; i < sizeof *work; i++) {
        byte[i] = 0;
    }
    return result;
}
