/*
 * Calls of a crypto port with their results, recorded on one machine and replayed on another. A
 * recording is a sequence of 32-bit little-endian words and byte strings padded to four:
 *
 *   SHA256_BEGIN | SHA256_UPDATE len bytes | SHA256_FINAL digest[32] | SHA256_END
 *   ECDSA xy[64] digest[32] rs[64] result
 *   AES_BEGIN key[16] iv[16] | AES_DECRYPT len ciphertext result plaintext | AES_END
 *
 * There is one state of each kind at a time. Plaintext counts when result is OTAV_ACCEPT.
 */
#ifndef QEMU_RECORDING_H
#define QEMU_RECORDING_H

enum recording_call {
    CALL_SHA256_BEGIN = 1,
    CALL_SHA256_UPDATE,
    CALL_SHA256_FINAL,
    CALL_SHA256_END,
    CALL_ECDSA,
    CALL_AES_BEGIN,
    CALL_AES_DECRYPT,
    CALL_AES_END
};

#endif
