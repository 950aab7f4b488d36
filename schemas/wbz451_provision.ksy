# A provisioning record, described a second time; tests/schemas/kaitai.cjs compares it with the C
# tables. Outside of Kaitai's reach: the digest, that no key occurs twice, and that what the flags say is
# not there is zero.
meta:
  id: wbz451_provision
  title: Provisioning record of a device with Microchip WBZ451
  license: Apache-2.0
  ks-version: "0.10"
  endian: le
seq:
  - id: magic
    doc: '"OTPR"'
    type: u4
    valid: 0x5250544f
  - id: version
    type: u1
    valid: 1
  - id: policy
    type: u1
    enum: policies
    valid:
      in-enum: true
  - id: device_class
    type: u1
    enum: classes
    valid:
      in-enum: true
  - id: key_count
    type: u1
    valid:
      min: 1
      max: 4
  - id: has_identity
    doc: A strict device has one.
    type: u1
    valid:
      expr: _ == 1 or (_ == 0 and policy == policies::stock)
  - id: has_decrypt_key
    type: u1
    valid:
      max: 1
  - id: hardware_revision
    type: u2
  - id: hardware_class
    type: u4
  - id: product
    doc: UUID in text order.
    size: 16
  - id: manufacturer
    size: 4
  - id: reserved
    contents: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  - id: keys
    size: 272
    type: key_list
  - id: decrypt_key
    size: 16
  - id: decrypt_iv
    size: 16
  - id: sha256
    doc: Of the 352 bytes before.
    size: 32

types:
  key_list:
    seq:
      - id: items
        type: key
        repeat: expr
        repeat-expr: _root.key_count
  key:
    seq:
      - id: xy
        doc: X and Y, big-endian.
        size: 64
      - id: class
        type: u1
        enum: classes
        valid:
          in-enum: true
      - id: roles
        doc: Bit 0 application, bit 1 bootloader, bit 2 secondary.
        type: u1
        valid:
          min: 1
          max: 7
      - id: reserved
        contents: [0, 0]

enums:
  policies:
    0x35: strict
    0xca: stock
  classes:
    0x5c: production
    0xa3: development
