# An OTA file for Microchip WBZ451 (PIC32CX-BZ2), described a second time, from the documents and not
# from the C tables, so that a mistake in one shows. tests/schemas/kaitai.cjs compares the two.
# Kaitai Struct can neither decrypt nor hash: checksum, signatures, digests and CBC padding are
# outside its reach, and an encrypted payload is opaque here. Its plaintext, as `otaimg extract
# --image` writes it, is the type slot_image.
meta:
  id: wbz451_ota
  title: OTA file for Microchip WBZ451
  file-extension: ota
  license: Apache-2.0
  ks-version: "0.10"
  endian: le
doc: |
  BLE      otau | X(metadata | firmware)
  Zigbee   zigbee | X(metadata | firmware)
  combo    otau | zigbee | X(metadata | firmware)
  image    metadata | firmware
  X is the identity or AES-128-CBC with PKCS#7. In BLE, Zigbee and combo files the firmware may be raw
  deflate with zeros up to a multiple of 16, as the attribute encoding says.
seq:
  - id: otau
    type: otau
    if: has_otau
  - id: zigbee
    type: zigbee
    if: has_zigbee
  - id: payload
    type:
      switch-on: starts_with_metadata
      cases:
        true: slot_image
        false: transfer
    size-eos: true
    if: not is_encrypted
  - id: ciphertext
    doc: AES-128-CBC of metadata, firmware and padding.
    size-eos: true
    valid:
      expr: _.length % 16 == 0 and _.length >= 528
    if: is_encrypted
instances:
  first_word:
    pos: 0
    type: u4
  starts_with_zigbee:
    value: first_word == 0x0beef11e
  starts_with_metadata:
    value: first_word == 0
  has_otau:
    value: not starts_with_zigbee and not starts_with_metadata
  has_zigbee:
    value: 'has_otau ? otau.file_type == otau::file_types::combo : starts_with_zigbee'
  header_length:
    value: '(has_otau ? 16 : 0) + (has_zigbee ? zigbee.header_length : 0)'
  first_filler:
    doc: Plain metadata starts with eight zero bytes.
    pos: header_length
    type: u8
  is_encrypted:
    doc: A file without OTAU header does not say so.
    value: 'has_otau ? otau.encrypted == otau::encryptions::aes_128_cbc : starts_with_zigbee and first_filler != 0'

types:
  otau:
    doc: For the phone app; not sent to the device.
    seq:
      - id: header_version
        type: u1
        valid: 1
      - id: encrypted
        type: u1
        enum: encryptions
        valid:
          in-enum: true
      - id: checksum
        doc: Makes the sum of all bytes of the file, this field as a number, 0 modulo 65536.
        type: u2
      - id: image_id
        type: u4
      - id: revision
        doc: a.b.c.d as a << 24 | b << 16 | c << 8 | d, as all versions here.
        type: u4
      - id: file_type
        type: u1
        enum: file_types
        valid:
          in-enum: true
      - id: reserved
        contents: [0, 0, 0]
    enums:
      encryptions:
        0: plain
        1: aes_128_cbc
      file_types:
        1: ble
        2: combo

  zigbee:
    doc: Zigbee OTA upgrade file header. The payload follows without a sub-element header.
    seq:
      - id: magic
        type: u4
        valid: 0x0beef11e
      - id: header_version
        type: u2
        valid: 0x0100
      - id: header_length
        type: u2
        valid:
          min: 56
          max: 69
      - id: field_control
        type: u2
        valid:
          expr: _ <= 7 and header_length == expected_length
      - id: manufacturer_code
        type: u2
      - id: image_type
        type: u2
      - id: file_version
        type: u4
      - id: stack_version
        type: u2
      - id: header_string
        size: 32
      - id: total_image_size
        doc: From here to the end of the file.
        type: u4
        valid:
          expr: _ == _io.size - start
      - id: security_credential_version
        type: u1
        if: (field_control & 1) != 0
      - id: destination
        doc: EUI64, most significant byte first.
        size: 8
        if: (field_control & 2) != 0
      - id: min_hardware_version
        type: u2
        if: (field_control & 4) != 0
      - id: max_hardware_version
        type: u2
        if: (field_control & 4) != 0
    instances:
      start:
        value: '_root.has_otau ? 16 : 0'
      expected_length:
        value: '56 + ((field_control & 1) != 0 ? 1 : 0) + ((field_control & 2) != 0 ? 8 : 0)
          + ((field_control & 4) != 0 ? 4 : 0)'

  slot_image:
    doc: Metadata and firmware as they lie in flash from 0x01000000 on.
    seq:
      - id: metadata
        type: metadata
        size: 512
      - id: firmware
        size-eos: true
        valid:
          expr: _.length == metadata.firmware_length

  transfer:
    doc: Metadata and firmware as they are sent.
    seq:
      - id: metadata
        type: metadata
        size: 512
      - id: firmware
        doc: Raw deflate (RFC 1951) when it is encoded, which Kaitai Struct cannot inflate.
        size: 'encoded_length != 0 ? encoded_length : metadata.firmware_length'
      - id: fill
        doc: Behind a stream.
        type: zeros
        size: 'encoded_length != 0 ? (16 - encoded_length % 16) % 16 : 0'
      - id: behind_fill
        size-eos: true
        valid:
          expr: _.length == 0
    instances:
      encoded_length:
        doc: 0 = plain.
        value: 'metadata.has_area ? metadata.area.records.record.last.encoded_length : 0'
  zeros:
    seq:
      - id: bytes
        type: u1
        valid: 0
        repeat: eos

  metadata:
    doc: 512 bytes. The metadata signature covers bytes 20 to 511 with its own length and bytes zero.
    seq:
      - id: filler0
        contents: [0, 0, 0, 0, 0, 0, 0, 0]
      - id: manufacturer_id
        size: 4
      - id: filler1
        contents: [0, 0, 0, 0]
      - id: sequence
        type: u4
        valid:
          min: 1
          max: 0xfffffffe
      - id: metadata_revision
        type: u1
        valid: 2
      - id: container_index
        type: u1
        valid: 1
      - id: metadata_auth_method
        type: u1
        enum: auth_methods
        valid:
          in-enum: true
      - id: metadata_auth_key
        type: u1
        valid: 0
      - id: payload_decrypt_method
        type: u1
        valid: 0
      - id: payload_decrypt_key
        type: u1
        valid: 0
      - id: payload_length
        type: u2
        valid: 85
      - id: firmware_revision
        type: u4
      - id: firmware_length
        type: u4
      - id: firmware_auth_method
        type: u1
        enum: auth_methods
        valid:
          in-enum: true
      - id: firmware_auth_key
        type: u1
        valid: 0
      - id: firmware_decrypt_method
        type: u1
        valid: 0
      - id: firmware_decrypt_key
        type: u1
        valid: 0
      - id: firmware_signature_length
        type: u1
        valid:
          max: 72
      - id: firmware_signature
        doc: DER ECDSA signature or SHA-256 digest, then zeros.
        size: 72
      - id: attributes
        size: 326
      - id: metadata_signature_length
        type: u1
        valid:
          max: 72
      - id: metadata_signature
        size: 72
    instances:
      has_area:
        doc: Eight zero bytes mean that there are no attributes.
        value: attributes[0] != 0 or attributes[1] != 0 or attributes[2] != 0 or attributes[3] != 0
          or attributes[4] != 0 or attributes[5] != 0 or attributes[6] != 0 or attributes[7] != 0
      area:
        pos: 0x71
        size: 326
        type: attribute_area
        if: has_area
    enums:
      auth_methods:
        0: none
        1: sha256
        2: ecdsa_p256_sha256

  attribute_area:
    seq:
      - id: attributes
        type: attributes
      - id: records
        type: records
        size: attributes.records_length
      - id: rest
        type: u1
        valid: 0
        repeat: eos

  attributes:
    doc: Head of the attribute area.
    seq:
      - id: magic
        contents: OTAA
      - id: version
        type: u1
        valid: 1
      - id: record_count
        type: u1
      - id: records_length
        type: u2
        valid:
          min: 4
          max: 318

  records:
    seq:
      - id: record
        type: record(_index)
        repeat: expr
        repeat-expr: _parent.attributes.record_count
      - id: behind_last
        size-eos: true
        valid:
          expr: _.length == 0

  record:
    params:
      - id: index
        type: s4
    seq:
      - id: type
        doc: |
          Ascending. Bit 15 set: informative, unknown ones are skipped; clear: enforced, unknown
          ones make the image unacceptable.
        type: u2
        valid:
          expr: '(_ >= 0x8000 or (_ >= 1 and _ <= 10))
            and (index == 0 or _ > _parent.record[index - 1].type)'
      - id: length
        type: u2
        valid:
          expr: type >= 0x8000 or _ == fixed_length
      - id: value
        size: length
        type:
          switch-on: 'fixed_length == 0 or length == fixed_length ? type : 0'
          cases:
            0x0001: product
            0x0002: hardware
            0x0003: header_binding
            0x0004: security_counter
            0x0005: min_installed_version
            0x0006: image_type
            0x0007: min_battery
            0x0008: activation
            0x0009: revoke_keys
            0x000a: encoding
            0x8010: build_time
            0x8011: release
            0x8020: sbom
            0x8021: source_revision
            _: user
    instances:
      encoded_length:
        doc: Of an encoding here or before, else 0.
        value: 'type == 0x000a ? value.as<encoding>.encoded_length
          : index > 0 ? _parent.record[index - 1].encoded_length.as<u4> : 0'
      fixed_length:
        doc: 0 = any. An informative attribute of another length is a byte string.
        value: 'type == 0x0001 ? 16
          : (type == 0x0002 or type == 0x0003 or type == 0x000a or type == 0x8010 or type == 0x8011) ? 8
          : type >= 0x0004 and type <= 0x0009 ? 4
          : type == 0x8020 ? 36 : 0'

  product:
    seq:
      - id: id
        doc: UUID in text order.
        size: 16
  hardware:
    seq:
      - id: class
        type: u4
      - id: min_revision
        type: u2
      - id: max_revision
        type: u2
        valid:
          min: min_revision
  header_binding:
    doc: Signed copies of two values that the stock signatures do not cover.
    seq:
      - id: sequence
        type: u4
      - id: image_id
        type: u4
  security_counter:
    seq:
      - id: value
        type: u4
        valid:
          max: 0xfffeffff
  min_installed_version:
    seq:
      - id: version
        type: u4
  image_type:
    seq:
      - id: value
        type: u1
        enum: image_types
        valid:
          in-enum: true
      - id: reserved
        contents: [0, 0, 0]
    enums:
      image_types:
        1: application
        2: bootloader
        3: secondary
  min_battery:
    seq:
      - id: percent
        type: u1
        valid:
          max: 100
      - id: reserved
        contents: [0, 0, 0]
  activation:
    seq:
      - id: value
        type: u1
        enum: activations
        valid:
          in-enum: true
      - id: reserved
        contents: [0, 0, 0]
    enums:
      activations:
        1: trial
        2: permanent
  revoke_keys:
    seq:
      - id: mask
        doc: Bit n is key n of the device.
        type: u4
        valid:
          max: 0xf
  encoding:
    seq:
      - id: value
        type: u1
        enum: encodings
        valid:
          in-enum: true
      - id: reserved
        contents: [0, 0, 0]
      - id: encoded_length
        type: u4
    enums:
      encodings:
        1: deflate
  # Nobody refuses a file for the values below.
  build_time:
    seq:
      - id: time
        doc: Seconds since 1970-01-01T00:00:00Z.
        type: u8
  release:
    seq:
      - id: kind
        type: u1
        enum: kinds
      - id: flags
        doc: Bit 0 is mandatory.
        type: u1
      - id: reserved
        size: 2
      - id: support_end
        doc: Days since 1970-01-01; 0 = not said.
        type: u4
    enums:
      kinds:
        1: feature
        2: security
        3: both
  sbom:
    seq:
      - id: format
        type: u1
        enum: formats
      - id: reserved
        size: 3
      - id: sha256
        size: 32
    enums:
      formats:
        1: cyclonedx_json
        2: spdx_json
  source_revision:
    seq:
      - id: value
        doc: Commit id, 20 or 32 bytes.
        size-eos: true
  user:
    doc: Any other attribute, and known ones at another length than theirs.
    seq:
      - id: value
        size-eos: true
