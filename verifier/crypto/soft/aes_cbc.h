/*
 * AES-128-CBC decryption (FIPS 197, SP 800-38A) in the shape of the crypto port, for devices. Neither
 * addresses nor branches depend on key or data. user is not used.
 */
#ifndef OTAV_SOFT_AES_CBC_H
#define OTAV_SOFT_AES_CBC_H

#include <otav/otav_port.h>

/* Always OTAV_ACCEPT. */
uint32_t otav_soft_aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                                 const uint8_t iv[16]);
/* OTAV_REJECT with nothing done when len is no multiple of 16; bytes at any alignment. */
uint32_t otav_soft_aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                   size_t len);
void otav_soft_aes_cbc_end(void *user, struct otav_aes_state *state);

#endif
