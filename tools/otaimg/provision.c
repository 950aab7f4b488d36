/*
 * Provisioning records: device file to record, record to configuration.
 *
 * Layer: above device_file.h and the verifier's encoder, which sees a struct otav_config and so no
 * private half. Invariant: nothing of a device file is left out without a word, and the AES key gets in
 * only when asked for.
 */
#include "provision.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>

#include "cipher.h"
#include "device_file.h"
#include "diag.h"
#include "explain.h"
#include "key_file.h"
#include "key_uri.h"
#include "known_keys.h"
#include "util.h"

/* ---- device file to record -------------------------------------------------------------------- */

static enum ox check_keys(const struct device_file *device)
{
    for (unsigned i = 0; i < device->config.key_count; i++) {
        const struct otav_key *key = &device->config.keys[i];

        if (key->revoked) {
            return diag_fail(OX_POLICY,
                             "%s: key '%s' is revoked, expected keys to trust: a provisioning "
                             "record holds no revocations",
                             device->path, device->key_uri[i]);
        }
        if (device->config.device_class == OTAV_CLASS_PRODUCTION &&
            key->key_class == OTAV_CLASS_DEVELOPMENT) {
            (void)diag_fail(OX_POLICY,
                            "%s: key '%s' is a development key, expected production keys for a "
                            "production device",
                            device->path, device->key_uri[i]);
            diag_hint("the device would refuse what it signed, and its place is taken for good; "
                      "'class: development' makes the record of a development device");
            return OX_POLICY;
        }
    }
    return OX_OK;
}

/* What the record has no place for. */
static enum ox check_rest(const struct device_file *device, bool with_decrypt_key)
{
    const struct otav_config *config = &device->config;

    if (config->has_image_id) {
        return diag_fail(OX_USAGE, "%s: 'image-id' has no place in a provisioning record",
                         device->path);
    }
    if (config->image_types != OTAV_ROLE_APPLICATION) {
        return diag_fail(OX_USAGE,
                         "%s: 'image-types' have no place in a provisioning record, expected "
                         "application alone",
                         device->path);
    }
    if (with_decrypt_key && device->decrypt_key_uri == NULL) {
        return diag_fail(OX_USAGE, "%s: no 'decrypt', expected it for --with-decrypt-key",
                         device->path);
    }
    return OX_OK;
}

static void warn_of_rest(const struct device_file *device, bool with_decrypt_key)
{
    if (device->config.has_installed) {
        diag_warn("%s: 'installed' is not in the record: the device starts without a version and "
                  "with security counter 0",
                  device->path);
    }
    if (device->decrypt_key_uri != NULL && !with_decrypt_key) {
        diag_warn("%s: 'decrypt' is not in the record: --with-decrypt-key puts it there",
                  device->path);
    }
}

static enum ox check_decrypt_key(const struct device_file *device,
                                 const struct key_options *options)
{
    static const uint8_t zero_iv[16];
    const struct otav_config *config = &device->config;
    bool production = config->device_class == OTAV_CLASS_PRODUCTION;

    if (known_aes_key(config->decrypt_key) && production && !options->allow_sample_key) {
        return diag_fail(OX_POLICY,
                         "%s: '%s' is the published default AES key, expected a key of your own",
                         device->path, device->decrypt_key_uri);
    }
    if (memcmp(config->decrypt_iv, zero_iv, sizeof zero_iv) == 0 && production) {
        diag_warn("%s: the IV is zero, expected random bytes", device->path);
    }
    return OX_OK;
}

static enum ox load_decrypt_key(struct device_file *device, const struct key_options *options)
{
    const char *uri = device->decrypt_key_uri;
    struct cipher *cipher = NULL;
    enum key_uri_kind kind = KEY_URI_FILE;
    enum ox ox = key_uri_kind_of(uri, &kind);

    if (ox == OX_OK && kind != KEY_URI_FILE) {
        /* Before a PIN is asked for. */
        ox = diag_fail(OX_KEY, "%s: '%s' does not leave its token, expected a file: key",
                       device->path, uri);
    }
    if (ox == OX_OK) {
        ox = cipher_open(uri, options, &cipher);
    }
    if (ox != OX_OK) {
        return ox;
    }
    device->config.has_decrypt_key = cipher_key_bytes(cipher, device->config.decrypt_key);
    cipher_close(cipher);
    return check_decrypt_key(device, options);
}

static enum ox encode(struct otav_config config, uint8_t ret_record[OTAV_PROVISION_LEN])
{
    enum otav_err err;

    config.has_installed = false;
    config.installed_version = 0;
    config.counter_floor = 0;
    err = otav_provision_encode(&config, &otav_crypto_openssl, ret_record);
    wipe(config.decrypt_key, sizeof config.decrypt_key);
    return err == OTAV_OK ? OX_OK
                          : diag_fail(OX_INTERNAL, "cannot make the record: %s (%s)",
                                      otav_err_text(err), otav_err_name(err));
}

enum ox provision_from_device(const char *path, bool with_decrypt_key,
                              const struct key_options *options,
                              uint8_t ret_record[OTAV_PROVISION_LEN])
{
    struct device_file device;
    enum ox ox = device_file_load(path, options, &device);

    if (ox != OX_OK) {
        return ox;
    }
    ox = check_keys(&device);
    if (ox == OX_OK) {
        ox = check_rest(&device, with_decrypt_key);
    }
    if (ox == OX_OK && with_decrypt_key) {
        ox = load_decrypt_key(&device, options);
    }
    if (ox == OX_OK) {
        warn_of_rest(&device, with_decrypt_key);
        ox = encode(device.config, ret_record);
    }
    wipe(device.config.decrypt_key, sizeof device.config.decrypt_key);
    device_file_free(&device);
    return ox;
}

/* ---- record to configuration ------------------------------------------------------------------ */

bool provision_is_record(const char *path)
{
    uint8_t start[OTAV_PROVISION_MAGIC_LEN];
    struct stat status;
    ssize_t len = -1;
    int fd;

    /* What can be read once only, such as a pipe, is left to those who read keys. */
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    len = read(fd, start, sizeof start);
    (void)close(fd);
    return len == (ssize_t)sizeof start && otav_field_ok(&otav_provision_table.fields[0], start);
}

static enum ox decode(const struct key_file *file, struct otav_config *ret)
{
    enum otav_err err;

    if (file->len != OTAV_PROVISION_LEN) {
        return diag_fail(OX_MALFORMED, "%s: provisioning record of %zu bytes, expected %d",
                         file->path, file->len, OTAV_PROVISION_LEN);
    }
    err = otav_provision_decode(file->bytes, &otav_crypto_openssl, ret);
    if (err != OTAV_OK) {
        return diag_fail(explain_code(err), "%s: %s (%s)", file->path, otav_err_text(err),
                         otav_err_name(err));
    }
    wipe(ret->decrypt_key, sizeof ret->decrypt_key);
    if (ret->has_decrypt_key) {
        key_file_warn_if_exposed(file);
    }
    return OX_OK;
}

enum ox provision_read_record(const char *path, uint8_t ret_record[OTAV_PROVISION_LEN],
                              struct otav_config *ret)
{
    struct key_file file;
    enum ox ox = key_file_read(path, &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = decode(&file, ret);
    if (ox == OX_OK) {
        memcpy(ret_record, file.bytes, OTAV_PROVISION_LEN);
    }
    key_file_free(&file);
    return ox;
}

enum ox provision_read(const char *path, struct otav_config *ret)
{
    uint8_t record[OTAV_PROVISION_LEN];
    enum ox ox = provision_read_record(path, record, ret);

    wipe(record, sizeof record);
    return ox;
}
