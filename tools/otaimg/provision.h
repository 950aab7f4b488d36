/*
 * Provisioning records (otav_provision.h): made from a device file, read from a file.
 */
#ifndef OTAIMG_PROVISION_H
#define OTAIMG_PROVISION_H

#include <stdbool.h>

#include <otav/otav_config.h>

#include "exits.h"
#include "key_options.h"

/* The record of the device that a device file describes. Only public halves are in it, and the AES key
 * and IV if with_decrypt_key: then the caller wipes the record. What the record has no place for is
 * refused if it is fixed in the device (OX_USAGE; a revoked key: OX_POLICY) and named in a warning if
 * it is state, as is a decryption key that nobody asked for. OX_POLICY also for keys that a production
 * device has no use for: development, sample, default AES key. Errors of device_file_load(). */
enum ox provision_from_device(const char *path, bool with_decrypt_key,
                              const struct key_options *options,
                              uint8_t ret_record[OTAV_PROVISION_LEN]);

/* Whether a file starts as a record does; false for one that cannot be read, and for a pipe. */
bool provision_is_record(const char *path);

/* Reads a record; without a decryption key in *ret, whose flag stays: nobody here needs it.
 * Warns when others can read one that has it. OX_KEY (reading), OX_MALFORMED, OX_AUTH (digest). */
enum ox provision_read(const char *path, struct otav_config *ret);

/* The same, and the record itself, which the caller wipes. */
enum ox provision_read_record(const char *path, uint8_t ret_record[OTAV_PROVISION_LEN],
                              struct otav_config *ret);

/* Prints what a record says, but for the decryption key. As JSON: OX_IO. */
void provision_print(const struct otav_config *config);
enum ox provision_print_json(const struct otav_config *config);

#endif
