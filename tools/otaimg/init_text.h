/* The texts that `otaimg init` writes; each takes, as "%s", the
 * product's UUID and, where encryption is, a random IV. */
#ifndef OTAIMG_INIT_TEXT_H
#define OTAIMG_INIT_TEXT_H

#define INIT_MANIFEST_TEXT                                                                         \
    "# Release manifest for otaimg: what `otaimg build` makes an OTA file from.\n"                 \
    "# Paths are relative to this file. Numbers are decimal or 0x..., without quotes.\n"           \
    "otaimg: 1\n"                                                                                  \
    "device: wbz451\n"                                                                             \
    "\n"                                                                                           \
    "firmware:\n"                                                                                  \
    "  file: app.hex            # ELF, Intel HEX, S-record or raw binary\n"                        \
    "  # format: ihex           # elf, ihex, srec or bin; found by content if left out\n"          \
    "  version: 1.0.0.0         # must grow with every release\n"                                  \
    "  sequence: 1              # 1..4294967294\n"                                                 \
    "  image-id: 0x9B000000     # flash image id; this is the default\n"                           \
    "  manufacturer: MCHP       # 1 to 4 characters; this is the default\n"                        \
    "\n"                                                                                           \
    "authentication: ecdsa-p256-sha256\n"                                                          \
    "sign:\n"                                                                                      \
    "  # A key on a token (RFC 7512), or \"file:keys/release.pem\".\n"                             \
    "  key: \"pkcs11:token=release;object=wbz451-app\"\n"                                          \
    "  # class: development      # for development devices: most lint rules do not apply\n"        \
    "\n"                                                                                           \
    "# AES-128-CBC for the transfer, with the key and IV that the product's devices have.\n"       \
    "# Key: 16 raw bytes or 32 hex digits in a file, or on a token. The IV is no secret; this\n"   \
    "# one was made for you at random. Stock devices have zeros unless told otherwise.\n"          \
    "# encrypt:\n"                                                                                 \
    "#   method: aes-128-cbc\n"                                                                    \
    "#   key: \"file:keys/aes.bin\"\n"                                                             \
    "#   iv: \"%s\"\n"                                                                             \
    "\n"                                                                                           \
    "# Signed attributes, which the otaimg verifier enforces. Leave out for a plain stock file.\n" \
    "attributes:\n"                                                                                \
    "  product: %s   # made for you at random: keep it for this product\n"                         \
    "  hardware:\n"                                                                                \
    "    class: 0x00000001      # your number for this board\n"                                    \
    "    min-revision: 0        # board revisions that take this image, both included\n"           \
    "    max-revision: 65535\n"                                                                    \
    "  security-counter: 0      # raise it when older releases must never run again\n"             \
    "  activation: trial        # or permanent; trial: revert unless the application confirms\n"   \
    "  # min-installed-version: 1.0.0.0   # must be installed before this one\n"                   \
    "  # image-type: application          # or bootloader, secondary\n"                            \
    "  # min-battery: 30                  # percent\n"                                             \
    "  # revoke-keys: [1]                 # keys of the device that end with this release\n"       \
    "  # release: {kind: feature, mandatory: false, support-end: 2031-12-31}\n"                    \
    "  # sbom: sbom.cdx.json              # CycloneDX or SPDX, JSON\n"                             \
    "  # source-revision: \"0123456789abcdef0123456789abcdef01234567\"\n"                          \
    "  # user: {0x8801: \"00ff\"}           # your own, types 0x8800 to 0x8FFF\n"                  \
    "\n"                                                                                           \
    "# Rules of `otaimg lint` that do not apply to this release, each with the reason.\n"          \
    "# lint: {off: {no-sbom: \"the toolchain has none yet\"}}\n"                                   \
    "\n"                                                                                           \
    "file-type: ble             # ble, zigbee, combo, image or hex\n"                              \
    "output: app.ota\n"

#define INIT_DEVICE_TEXT                                                                           \
    "# A device as `otaimg verify --device` sees it: its policy, its keys and its state.\n"        \
    "# Paths are relative to this file.\n"                                                         \
    "otaimg-device: 1\n"                                                                           \
    "device: wbz451\n"                                                                             \
    "policy: strict             # or stock: attributes may be absent\n"                            \
    "class: production          # or development: takes development keys as well\n"                \
    "\n"                                                                                           \
    "keys:                      # up to four\n"                                                    \
    "  - public: release.pub.pem     # PEM or DER file, or a pkcs11: URI\n"                        \
    "    class: production           # or development\n"                                           \
    "    roles: [application]        # application, bootloader, secondary\n"                       \
    "    # revoked: true\n"                                                                        \
    "\n"                                                                                           \
    "product: %s\n"                                                                                \
    "hardware: {class: 0x00000001, revision: 0}\n"                                                 \
    "manufacturer: MCHP\n"                                                                         \
    "# image-id: 0x9B000000     # if given, the file's must be equal\n"                            \
    "# image-types: [application]    # what this way of updating takes\n"                          \
    "\n"                                                                                           \
    "# The newest confirmed image; leave out for a device that has none.\n"                        \
    "# installed: {version: 1.0.0.0, security-counter: 0}\n"                                       \
    "\n"                                                                                           \
    "# For encrypted files: key and IV as in the release manifest.\n"                              \
    "# decrypt: {key: \"file:keys/aes.bin\", iv: \"%s\"}\n"

#endif
