/*
 * The provisioning record: what the factory fixes in a device, programmed once, read by its
 * bootloader. OTAV_PROVISION_LEN bytes, defined by OTAV_PROVISION_FIELDS; a content has one encoding.
 *
 * It holds what of struct otav_config never changes. The rest is state and the path's own: image
 * types, image id, installed version, counter floor and revocations.
 *
 * Limits: the digest finds damage and no forgery, whoever can program the record decides; that a
 * public key is on its curve is left to the crypto port, which refuses every signature otherwise.
 */
#ifndef OTAV_PROVISION_H
#define OTAV_PROVISION_H

#include "otav_config.h"
#include "otav_error.h"
#include "otav_port.h"

/* Reads a record. *ret is then a whole configuration of the normal path: image types application, no
 * image id, nothing installed, counter floor 0, no key revoked. It holds the decryption key if the
 * record does: the caller wipes it.
 * OTAV_ERR_NOT_PROVISIONED: all bytes 0xFF or all zero. OTAV_ERR_PROVISION: another magic or version,
 * a value that is not allowed, a reserved or unused byte that is not zero, a key twice, strict
 * without identity. OTAV_ERR_PROVISION_DIGEST. OTAV_ERR_CRYPTO. */
enum otav_err otav_provision_decode(const uint8_t bytes[OTAV_PROVISION_LEN],
                                    const struct otav_crypto *crypto, struct otav_config *ret);

/* Writes the record of a configuration, which otav_provision_decode() gives back; product and
 * hardware without has_identity, key and IV without has_decrypt_key are left out.
 * OTAV_ERR_CONFIG, ret_bytes untouched: it makes no sense, has a key twice, or has something that the
 * record does not hold (see there). OTAV_ERR_CRYPTO: ret_bytes wiped. */
enum otav_err otav_provision_encode(const struct otav_config *config,
                                    const struct otav_crypto *crypto,
                                    uint8_t ret_bytes[OTAV_PROVISION_LEN]);

#endif
