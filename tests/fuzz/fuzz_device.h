/*
 * The device that takes the fuzzer's files: a configuration, a crypto port whose signatures are easy
 * to make, and a slot that aborts the program when the rules of flash are broken.
 */
#ifndef FUZZ_DEVICE_H
#define FUZZ_DEVICE_H

#include <otav/otav.h>

/* The identity of tests/golden/devices/production.yaml; three keys, of which one is revoked and one
 * for development. */
void fuzz_device_config(struct otav_config *ret, enum otav_policy policy);

/* AES is real. The digest reads all bytes and is forgotten. A signature is taken by the key that the
 * low bits of its last byte name: 0..4 the first, 5 the second, 6 the third, 7 none. */
extern const struct otav_crypto fuzz_crypto;

/* An old slot, nothing of it erased. Its port may be used until the next call. */
const struct otav_flash *fuzz_slot_reset(void);
/* The slot holds these bytes; reads behind them fail. */
const struct otav_flash *fuzz_slot_load(const uint8_t *bytes, size_t len);

const uint8_t *fuzz_slot_bytes(void);
/* Whether the unit at the start, which makes the slot bootable, was programmed. */
bool fuzz_slot_is_committed(void);

#endif
