/* Documents that differ from an example in one place, [name, text of the example, text instead], or
 * that stand for themselves, [name, text]. */
'use strict';

const taken = { schema: true, reader: true };
const refused = { schema: false, reader: false };
/* What JSON Schema cannot express; each case names the reason. */
const readerOnly = { schema: true, reader: false };
/* Where an editor's YAML reader sees a number, the schema wants quotes and the C reader does not. */
const schemaOnly = { schema: false, reader: true };

const IV = 'iv: "5a1d0c93e7f24b68a90c3e5f71d2b486"';
const REVISION = 'source-revision: 0123456789abcdef0123456789abcdef01234567';
const USER = 'user: {0x8802: "01", 0x8801: "00ff"}';
const SIGN_KEY = '"pkcs11:token=release;object=wbz451-app"';
const STOCK_SIGN = 'sign: {key: "file:keys/release.pem"}';
const STOCK_KEYS =
  'keys: [{public: developer.pub.pem, class: development, roles: [application]}]';
const ATTRIBUTES =
  'attributes: {product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f, ' +
  'hardware: {class: 1, min-revision: 0, max-revision: 0}, security-counter: 0}';

const FIRMWARE = 'firmware: {file: a.hex, version: 1.0.0.0, sequence: 7}';
const HEAD = 'otaimg: 1\ndevice: wbz451\n';
const KEY = 'sign: {key: "file:a.pem"}';

/* A manifest with a whole release above its variants, given as the items of a list. */
function variants(...items) {
  return `${HEAD}${FIRMWARE}\n${KEY}\nvariants: [${items.join(', ')}]\n`;
}

const releaseTaken = [
  ['largest sequence', 'sequence: 7', 'sequence: 0xFFFFFFFE'],
  ['smallest sequence', 'sequence: 7', 'sequence: 1'],
  ['largest counter', 'security-counter: 3', 'security-counter: 4294901759'],
  ['default image id left out', '  image-id: 0x9B000000\n', ''],
  ['largest image id', 'image-id: 0x9B000000', 'image-id: 0xffffffff'],
  ['manufacturer of one character', 'manufacturer: MCHP', 'manufacturer: X'],
  ['manufacturer with blanks', 'manufacturer: MCHP', 'manufacturer: "A  B"'],
  ['upper-case product', '7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f',
    '7D7C9F0E-3B53-4C1E-9A86-0A8F5C1D2E3F'],
  ['quoted version', 'version: 1.4.2.0\n', 'version: "1.4.2.0"\n'],
  ['largest version', 'version: 1.4.2.0\n', 'version: 255.255.255.255\n'],
  ['one revision', 'max-revision: 4', 'max-revision: 1'],
  ['full battery', 'min-battery: 30', 'min-battery: 100'],
  ['all keys revoked', 'revoke-keys: [1]', 'revoke-keys: [3, 0, 2, 1]'],
  ['leap day', '2031-12-31', '2032-02-29'],
  ['first day', '2031-12-31', '1970-01-01'],
  ['quoted date', '2031-12-31', '"2031-12-31"'],
  ['kind only', '{kind: security, mandatory: true, support-end: 2031-12-31}', '{kind: both}'],
  ['SHA-256 revision', REVISION, `source-revision: ${'0a'.repeat(32)}`],
  ['decimal user type', USER, 'user: {34816: "01", 36863: "02", 35000: "03", 36100: "04"}'],
  ['hex user types', USER, 'user: {0x8800: "01", 0x8FFF: "02", 0x008a00: "03"}'],
  ['empty user value', USER, 'user: {0x8800: ""}'],
  ['longest user value', USER, `user: {0x8800: "${'aa'.repeat(314)}"}`],
  ['no user attributes', USER, 'user: {}'],
  ['permanent', 'activation: trial', 'activation: permanent'],
  ['bootloader image', 'image-type: application', 'image-type: bootloader'],
  ['sign key with encoded value', 'object=wbz451-app"', 'object=wbz451%20app;type=private"'],
  ['sign with a program', SIGN_KEY, '"exec:sign?public=release.pub.pem"'],
  ['sign with a program, shortest time', SIGN_KEY, '"exec:s?public=p&timeout=1"'],
  ['sign with a program, longest time', SIGN_KEY, '"exec:s?timeout=3600&public=p"'],
  ['sign with a program, encoded path', SIGN_KEY, '"exec:/a%20b?public=%26/k%25"'],
  ['development key', 'object=wbz451-app"', 'object=wbz451-app"\n  class: development'],
  ['rule turned off', 'compress: none', 'lint: {off: {zero-iv: "stock device"}}'],
  ['nothing turned off', 'compress: none', 'lint: {off: {}}'],
  ['quoted keys', 'compress: none', '"compress": "none"'],
  ['deflate', 'compress: none', 'compress: deflate'],
  ['deflate that is kept', 'compress: none', 'compress: {method: deflate, keep: true}'],
  ['none with more to say', 'compress: none', 'compress: {keep: false, method: none}'],
  ['document start', 'otaimg: 1\n', '---\notaimg: 1\n'],
];

const releaseRefused = [
  ['other format', 'otaimg: 1\n', 'otaimg: 2\n'],
  ['quoted format', 'otaimg: 1\n', 'otaimg: "1"\n'],
  ['no format', 'otaimg: 1\n', ''],
  ['other device', 'device: wbz451', 'device: wbz452'],
  ['no device', 'device: wbz451\n', ''],
  ['no firmware file', '  file: app.hex\n', ''],
  ['empty firmware file', 'file: app.hex', 'file:'],
  ['null firmware file', 'file: app.hex', 'file: ~'],
  ['quoted empty firmware file', 'file: app.hex', 'file: ""'],
  ['firmware file is a list', 'file: app.hex', 'file: [app.hex]'],
  ['unknown firmware format', 'file: app.hex', 'file: app.hex\n  format: uf2'],
  ['address without raw binary', 'file: app.hex', 'file: app.hex\n  format: ihex\n  address: 0'],
  ['no version', '  version: 1.4.2.0\n', ''],
  ['version of three', 'version: 1.4.2.0\n', 'version: 1.4.2\n'],
  ['version over 255', 'version: 1.4.2.0\n', 'version: 1.4.256.0\n'],
  ['version with leading zero', 'version: 1.4.2.0\n', 'version: 1.04.2.0\n'],
  ['no sequence', '  sequence: 7\n', ''],
  ['sequence 0', 'sequence: 7', 'sequence: 0'],
  ['sequence too large', 'sequence: 7', 'sequence: 4294967295'],
  ['sequence in octal', 'sequence: 7', 'sequence: 07'],
  ['sequence with 0o', 'sequence: 7', 'sequence: 0o7'],
  ['sequence with underscore', 'sequence: 7', 'sequence: 1_000'],
  ['sequence with sign', 'sequence: 7', 'sequence: +7'],
  ['negative sequence', 'sequence: 7', 'sequence: -7'],
  ['sequence with fraction', 'sequence: 7', 'sequence: 7.0'],
  ['sequence with exponent', 'sequence: 7', 'sequence: 7e0'],
  ['quoted sequence', 'sequence: 7', 'sequence: "7"'],
  ['image id too large', 'image-id: 0x9B000000', 'image-id: 0x100000000'],
  ['image id with 0X', 'image-id: 0x9B000000', 'image-id: 0X9B000000'],
  ['manufacturer too long', 'manufacturer: MCHP', 'manufacturer: MCHPX'],
  ['manufacturer not ASCII', 'manufacturer: MCHP', 'manufacturer: "\u00e9"'],
  ['manufacturer empty', 'manufacturer: MCHP', 'manufacturer: ""'],
  ['unknown firmware key', 'sequence: 7', 'sequence: 7\n  sequenz: 7'],
  ['unknown method', 'authentication: ecdsa-p256-sha256', 'authentication: rsa'],
  ['sign with sha256', 'authentication: ecdsa-p256-sha256', 'authentication: sha256'],
  ['sign key without scheme', 'key: "pkcs11:token=release;object=wbz451-app"', 'key: release.pem'],
  ['sign key with PIN', 'object=wbz451-app"', 'object=wbz451-app?pin-value=1234"'],
  ['sign key with PIN in capitals', 'object=wbz451-app"', 'object=a?PIN-Value=1234"'],
  ['sign key with encoded name', 'object=wbz451-app"', 'ob%6Aect=wbz451-app"'],
  ['sign key with blank', 'object=wbz451-app"', 'object=wbz451 app"'],
  ['sign key without path', '"pkcs11:token=release;object=wbz451-app"', '"file:"'],
  ['sign with a program without public key', SIGN_KEY, '"exec:sign"'],
  ['sign with a program without name', SIGN_KEY, '"exec:?public=p"'],
  ['sign with a program, public key without path', SIGN_KEY, '"exec:s?public="'],
  ['sign with a program, public key twice', SIGN_KEY, '"exec:s?public=p&public=p"'],
  ['sign with a program, no time', SIGN_KEY, '"exec:s?public=p&timeout=0"'],
  ['sign with a program, empty time', SIGN_KEY, '"exec:s?public=p&timeout="'],
  ['sign with a program, too long', SIGN_KEY, '"exec:s?public=p&timeout=3601"'],
  ['sign with a program, far too long', SIGN_KEY, '"exec:s?timeout=10000&public=p"'],
  ['sign with a program, time with leading zero', SIGN_KEY, '"exec:s?public=p&timeout=060"'],
  ['sign with a program, time in minutes', SIGN_KEY, '"exec:s?public=p&timeout=5m"'],
  ['sign with a program, time twice', SIGN_KEY, '"exec:s?timeout=5&public=p&timeout=5"'],
  ['sign with a program, unknown attribute', SIGN_KEY, '"exec:s?public=p&pin=1"'],
  ['sign with a program, nothing behind &', SIGN_KEY, '"exec:s?public=p&"'],
  ['sign with a program, half a code', SIGN_KEY, '"exec:s%2?public=p"'],
  ['sign with a program, code of NUL', SIGN_KEY, '"exec:s%00?public=p"'],
  ['sign with a program and a PIN', SIGN_KEY, '"exec:s?public=p&pin-value=1"'],
  ['no sign key', '  key: "pkcs11:token=release;object=wbz451-app"\n', '  {}\n'],
  ['unknown class', 'object=wbz451-app"', 'object=wbz451-app"\n  class: test'],
  ['unknown lint rule', 'compress: none', 'lint: {off: {frob: "no reason"}}'],
  ['lint rule off without reason', 'compress: none', 'lint: {off: {zero-iv: ""}}'],
  ['lint rule off for blanks', 'compress: none', 'lint: {off: {zero-iv: " "}}'],
  ['lint rule off with null', 'compress: none', 'lint: {off: {zero-iv: }}'],
  ['lint rules off in a list', 'compress: none', 'lint: {off: [zero-iv]}'],
  ['lint without off', 'compress: none', 'lint: {}'],
  ['other lint key', 'compress: none', 'lint: {off: {}, on: {}}'],
  ['other cipher', 'method: aes-128-cbc', 'method: aes-128-ctr'],
  ['no IV', IV, ''],
  ['short IV', IV, 'iv: "0000000000000000000000000000000"'],
  ['IV not hex', IV, 'iv: "0000000000000000000000000000000g"'],
  ['encryption with a program', '"file:keys/aes.bin"', '"exec:s?public=p"'],
  ['no encryption key', 'key: "file:keys/aes.bin"', ''],
  ['encrypted image', 'file-type: ble', 'file-type: image'],
  ['encrypted hex', 'file-type: ble', 'file-type: hex'],
  ['unknown file type', 'file-type: ble', 'file-type: mesh'],
  ['zigbee without its fields', 'file-type: ble', 'file-type: zigbee'],
  ['no product', '  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f\n', ''],
  ['product without dashes', '7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f',
    '7d7c9f0e3b534c1e9a860a8f5c1d2e3f'],
  ['no hardware class', 'class: 0x00000102, ', ''],
  ['revision too large', 'max-revision: 4', 'max-revision: 65536'],
  ['no counter', '  security-counter: 3\n', ''],
  ['counter too large', 'security-counter: 3', 'security-counter: 0xFFFF0000'],
  ['unknown activation', 'activation: trial', 'activation: later'],
  ['unknown image type', 'image-type: application', 'image-type: modem'],
  ['battery over 100', 'min-battery: 30', 'min-battery: 101'],
  ['battery as text', 'min-battery: 30', 'min-battery: 30%'],
  ['key 4', 'revoke-keys: [1]', 'revoke-keys: [4]'],
  ['key twice', 'revoke-keys: [1]', 'revoke-keys: [1, 1]'],
  ['no key', 'revoke-keys: [1]', 'revoke-keys: []'],
  ['key not in a list', 'revoke-keys: [1]', 'revoke-keys: 1'],
  ['no kind', 'kind: security, ', ''],
  ['unknown kind', 'kind: security', 'kind: urgent'],
  ['yes is no boolean', 'mandatory: true', 'mandatory: yes'],
  ['True is no boolean', 'mandatory: true', 'mandatory: True'],
  ['quoted boolean', 'mandatory: true', 'mandatory: "true"'],
  ['day that is none', '2031-12-31', '2031-02-29'],
  ['date before 1970', '2031-12-31', '1969-12-31'],
  ['date with slashes', '2031-12-31', '2031/12/31'],
  ['short revision', REVISION, 'source-revision: abcdef'],
  ['user type too low', USER, 'user: {0x87ff: "00"}'],
  ['user type too high', USER, 'user: {0x9000: "00"}'],
  ['decimal user type too low', USER, 'user: {34815: "00"}'],
  ['decimal user type too high', USER, 'user: {36864: "00"}'],
  ['user type as text', USER, 'user: {serial: "00"}'],
  ['half a byte', USER, 'user: {0x8801: "0"}'],
  ['user value too long', USER, `user: {0x8801: "${'aa'.repeat(315)}"}`],
  ['user value null', USER, 'user: {0x8801: }'],
  ['one user type in two spellings', USER, 'user: {0x08802: "01", 0x8802: "02"}'],
  ['repeated user type', USER, 'user: {0x8801: "00", 0x8801: "01"}'],
  ['other compression', 'compress: none', 'compress: zip'],
  ['compression without value', 'compress: none', 'compress:'],
  ['compression without method', 'compress: none', 'compress: {keep: true}'],
  ['other compression in a mapping', 'compress: none', 'compress: {method: zip}'],
  ['compression kept for a word', 'compress: none', 'compress: {method: deflate, keep: yes}'],
  ['compression with a level', 'compress: none', 'compress: {method: deflate, level: 9}'],
  ['compression in a list', 'compress: none', 'compress: [deflate]'],
  ['empty output', 'output: app.ota', 'output:'],
  ['empty log', 'output: app.ota', 'output: app.ota\nlog:'],
  ['unknown key', 'output: app.ota', 'output: app.ota\nfrob: 1'],
  ['repeated key', 'output: app.ota', 'output: app.ota\noutput: b.ota'],
  ['merge key', 'output: app.ota', 'output: app.ota\n<<: {}'],
  ['tag', 'output: app.ota', 'output: !path app.ota'],
  ['second document', 'output: app.ota', 'output: app.ota\n---\notaimg: 1'],
  ['not YAML', 'output: app.ota', 'output: "app.ota'],
];

const releaseReaderOnly = [
  ['order of two numbers', 'max-revision: 4', 'max-revision: 0'],
  ['order of two versions', 'min-installed-version: 1.2.0.0', 'min-installed-version: 1.4.2.0'],
  ['anchor, gone once the YAML is read', 'output: app.ota', 'output: &name app.ota'],
];

const releaseSchemaOnly = [
  ['digits as manufacturer', 'manufacturer: MCHP', 'manufacturer: 1234'],
  ['digits as IV', IV, 'iv: 11111111111111111111111111111111'],
  ['digits as revision', REVISION, `source-revision: ${'1'.repeat(40)}`],
  ['time of a program in hex', SIGN_KEY, '"exec:s?public=p&timeout=0x10"'],
  ['digits as user value', USER, 'user: {0x8801: 11}'],
];

const comboTaken = [
  ['zigbee', 'file-type: combo', 'file-type: zigbee'],
  ['largest destination', 'destination: 0x0011223344556677', 'destination: 0xFFFFFFFFFFFFFFFF'],
  ['empty header string', '"Lamp 1.0"', '""'],
  ['header string of 32', '"Lamp 1.0"', `"${'x'.repeat(32)}"`],
  ['no hardware versions', '  min-hardware-version: 1\n  max-hardware-version: 7\n', ''],
  ['default stack version', '  stack-version: 2\n', ''],
];

const comboRefused = [
  ['zigbee fields in a BLE file', 'file-type: combo', 'file-type: ble'],
  ['zigbee fields by default', 'file-type: combo\n', ''],
  ['no manufacturer code', '  manufacturer-code: 0x1234\n', ''],
  ['manufacturer code too large', '0x1234', '0x12345'],
  ['no image type', '  image-type: 0x5678\n', ''],
  ['no file version', '  file-version: 1\n', ''],
  ['no header string', '  header-string: "Lamp 1.0"\n', ''],
  ['header string of 33', '"Lamp 1.0"', `"${'x'.repeat(33)}"`],
  ['header string not ASCII', '"Lamp 1.0"', '"Lampe f\u00fcr"'],
  ['credential too large', 'security-credential-version: 1', 'security-credential-version: 256'],
  ['quoted destination', '0x0011223344556677', '"0x0011223344556677"'],
  ['destination too long', '0x0011223344556677', '0x00011223344556677'],
  ['only lowest hardware', '  max-hardware-version: 7\n', ''],
  ['compressed', 'file-type: combo', 'file-type: combo\ncompress: deflate'],
  ['only highest hardware', '  min-hardware-version: 1\n', ''],
];

const comboReaderOnly = [
  ['order of two numbers', 'max-hardware-version: 7', 'max-hardware-version: 0'],
];

const stockTaken = [
  ['address without format', 'format: bin, ', ''],
  ['sha256 without key', STOCK_SIGN, 'authentication: sha256'],
  ['none without key', STOCK_SIGN, 'authentication: none'],
  ['image', STOCK_SIGN, `${STOCK_SIGN}\nfile-type: image`],
  ['attributes', STOCK_SIGN, `${STOCK_SIGN}\n${ATTRIBUTES}`],
];

const stockRefused = [
  ['no key', `${STOCK_SIGN}\n`, ''],
  ['attributes with sha256', STOCK_SIGN, `authentication: sha256\n${ATTRIBUTES}`],
  ['attributes with none', STOCK_SIGN, `authentication: none\n${ATTRIBUTES}`],
  ['compressed without attributes', STOCK_SIGN, `${STOCK_SIGN}\ncompress: deflate`],
  ['empty attributes', STOCK_SIGN, `${STOCK_SIGN}\nattributes:`],
];

const variantsTaken = [
  ['one variant', variants('{name: a}')],
  ['name of 64', variants(`{name: ${'x'.repeat(64)}}`)],
  ['every kind of character in a name', variants('{name: "A.z_0-9"}')],
  ['digits in quotes as name', variants('{name: "1"}')],
  ['one output for all', variants('{name: a, output: a.ota}', '{name: b, output: a.ota}')],
  ['output above and in a variant', `output: a.ota\n${variants('{name: a, output: b.ota}')}`],
  ['all in the variant', `variants: [{name: a, otaimg: 1, device: wbz451, ${FIRMWARE}, ${KEY}}]`],
  ['key in each variant', `${HEAD}${FIRMWARE}\nvariants: [{name: a, ${KEY}}, {name: b, ${KEY}}]`],
  ['a part of firmware in each variant', `${HEAD}firmware: {file: a.hex, sequence: 7}\n${KEY}\n` +
    'variants: [{name: a, firmware: {version: 1.0.0.0}}]'],
  ['a part of sign in the variant', `${HEAD}${FIRMWARE}\nsign: {class: development}\n` +
    'variants: [{name: a, sign: {key: "file:a.pem"}}]'],
  ['a part of attributes in the variant', `attributes: {security-counter: 0}\n` +
    variants('{name: a, attributes: {product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f, ' +
      'hardware: {class: 1, min-revision: 0, max-revision: 0}}}')],
  ['raw binary in the variant', `${HEAD}firmware: {file: a, version: 1.0.0.0, sequence: 7, ` +
    `address: 0}\n${KEY}\nvariants: [{name: a, firmware: {format: bin}}]`],
  ['no key with none above', `${HEAD}${FIRMWARE}\nauthentication: none\nvariants: [{name: a}]`],
  ['no key with none below', `${HEAD}${FIRMWARE}\nvariants: [{name: a, authentication: none}]`],
  ['zigbee in one of two', variants('{name: a}', '{name: b, file-type: zigbee, zigbee: ' +
    '{manufacturer-code: 1, image-type: 2, file-version: 3, header-string: ""}}')],
  ['rule turned off in a variant', variants('{name: a, lint: {off: {no-sbom: "none yet"}}}')],
];

const variantsRefused = [
  ['no variant', variants()],
  ['variants without value', `${HEAD}${FIRMWARE}\n${KEY}\nvariants:\n`],
  ['variants in a mapping', `${HEAD}${FIRMWARE}\n${KEY}\nvariants: {name: a}`],
  ['variant that is a word', variants('a')],
  ['variant without name', variants('{output: a.ota}')],
  ['empty name', variants('{name: ""}')],
  ['name of 65', variants(`{name: ${'x'.repeat(65)}}`)],
  ['name with blank', variants('{name: "a b"}')],
  ['name with slash', variants('{name: a/b}')],
  ['name that is a list', variants('{name: [a]}')],
  ['name above', `name: a\n${variants('{name: a}')}`],
  ['variants in a variant', variants('{name: a, variants: [{name: b}]}')],
  ['unknown key in a variant', variants('{name: a, frob: 1}')],
  ['unknown key below one', variants('{name: a, firmware: {frob: 1}}')],
  ['unknown key above', `frob: 1\n${variants('{name: a}')}`],
  ['firmware that is a word', variants('{name: a, firmware: a.hex}')],
  ['value out of range', variants('{name: a, firmware: {sequence: 0}}')],
  ['empty output', variants('{name: a, output: }')],
  ['encryption with a program', variants('{name: a, encrypt: {method: aes-128-cbc, ' +
    'key: "exec:s?public=p", iv: "000102030405060708090a0b0c0d0e0f"}}')],
  ['no format', `device: wbz451\n${FIRMWARE}\n${KEY}\nvariants: [{name: a}]`],
  ['no device', `otaimg: 1\n${FIRMWARE}\n${KEY}\nvariants: [{name: a}]`],
  ['no firmware', `${HEAD}${KEY}\nvariants: [{name: a}]`],
  ['firmware in one of two', `${HEAD}${KEY}\nvariants: [{name: a, ${FIRMWARE}}, {name: b}]`],
  ['no sequence', `${HEAD}firmware: {file: a.hex, version: 1.0.0.0}\n${KEY}\nvariants: [{name: a}]`],
  ['no key', `${HEAD}${FIRMWARE}\nvariants: [{name: a}]`],
  ['key in one of two', `${HEAD}${FIRMWARE}\nvariants: [{name: a, ${KEY}}, {name: b}]`],
];

/* Only the manifest that a variant makes can show these. */
const variantsReaderOnly = [
  ['name twice', variants('{name: a}', '{name: a, output: a.ota}')],
  ['key with sha256', variants('{name: a, authentication: sha256}')],
  ['encrypted image', variants('{name: a, file-type: image, encrypt: {method: aes-128-cbc, ' +
    'key: "file:a", iv: "000102030405060708090a0b0c0d0e0f"}}')],
  ['encryption without IV', variants('{name: a, encrypt: {method: aes-128-cbc, key: "file:a"}}')],
  ['zigbee without its fields', variants('{name: a, file-type: zigbee}')],
  ['attributes without counter', variants('{name: a, attributes: ' +
    '{product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f, ' +
    'hardware: {class: 1, min-revision: 0, max-revision: 0}}}')],
  ['address without raw binary',
    variants('{name: a, firmware: {address: 0}}', '{name: b, firmware: {format: elf, address: 0}}')],
  ['lint without off', variants('{name: a, lint: {}}')],
  ['compressed without attributes', variants('{name: a, compress: deflate}')],
  ['no key for one of two', `${HEAD}${FIRMWARE}\n` +
    'variants: [{name: a, authentication: none}, {name: b}]'],
];

/* The schema looks at values that every variant replaces, and wants quotes around digits. */
const variantsSchemaOnly = [
  ['replaced value', `output: []\n${variants('{name: a, output: a.ota}')}`],
  ['digits as name', variants('{name: 1}')],
];

const deviceTaken = [
  ['policy by default', 'policy: strict\n', ''],
  ['class by default', 'class: production\nkeys', 'keys'],
  ['manufacturer by default', 'manufacturer: MCHP\n', ''],
  ['a decoder', 'policy: strict', 'policy: strict\ndecoders: [deflate]'],
  ['no decoder', 'policy: strict', 'policy: strict\ndecoders: []'],
  ['nothing installed', 'installed: {version: 1.4.1.0, security-counter: 3}\n', ''],
  ['key as URI', 'release.pub.pem', '"pkcs11:token=release;object=wbz451-app"'],
  ['key of a program', 'release.pub.pem', '"exec:sign?public=release.pub.pem&timeout=3600"'],
  ['stock with identity', 'policy: strict', 'policy: stock'],
  ['all image types', 'image-types: [application]',
    'image-types: [secondary, application, bootloader]'],
];

const deviceRefused = [
  ['other format', 'otaimg-device: 1', 'otaimg-device: 0'],
  ['other device', 'device: wbz451', 'device: WBZ451'],
  ['unknown policy', 'policy: strict', 'policy: none'],
  ['unknown class', 'class: production\nkeys', 'class: test\nkeys'],
  ['key without class', 'class: production, roles: [application]', 'roles: [application]'],
  ['key without roles', ', roles: [application]', ''],
  ['key without role', 'roles: [application]', 'roles: []'],
  ['unknown role', 'roles: [application]', 'roles: [app]'],
  ['role twice', 'roles: [application]', 'roles: [application, application]'],
  ['key without file', 'public: release.pub.pem, ', ''],
  ['key with PIN', 'release.pub.pem', '"pkcs11:object=a?pin-value=1"'],
  ['key with scheme only', 'release.pub.pem', '"file:"'],
  ['key of a program without public key', 'release.pub.pem', '"exec:sign"'],
  ['key of a program, too long', 'release.pub.pem', '"exec:sign?public=p&timeout=3601"'],
  ['decryption with a program', '"file:keys/aes.bin"', '"exec:s?public=p"'],
  ['revoked as text', 'revoked: true', 'revoked: on'],
  ['unknown key of a key', 'revoked: true', 'expired: true'],
  ['no product', 'product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f\n', ''],
  ['no hardware', 'hardware: {class: 0x00000102, revision: 2}\n', ''],
  ['no revision', ', revision: 2', ''],
  ['manufacturer too long', 'manufacturer: MCHP', 'manufacturer: MCHPX'],
  ['no image type', 'image-types: [application]', 'image-types: []'],
  ['other decoder', 'policy: strict', 'policy: strict\ndecoders: [zip]'],
  ['decoder twice', 'policy: strict', 'policy: strict\ndecoders: [deflate, deflate]'],
  ['decoder that is a word', 'policy: strict', 'policy: strict\ndecoders: deflate'],
  ['installed without counter', ', security-counter: 3', ''],
  ['installed without version', 'version: 1.4.1.0, ', ''],
  ['counter too large', 'security-counter: 3', 'security-counter: 0xFFFFFFFF'],
  ['decrypt without IV', `, ${IV}`, ''],
  ['decrypt without key', 'key: "file:keys/aes.bin", ', ''],
  ['unknown key', 'policy: strict', 'policy: strict\nfrob: 1'],
];

const deviceStockRefused = [
  ['strict without identity', 'policy: stock', 'policy: strict'],
  ['default policy without identity', 'policy: stock\n', ''],
  ['product alone', 'policy: stock',
    'policy: stock\nproduct: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f'],
  ['hardware alone', 'policy: stock', 'policy: stock\nhardware: {class: 1, revision: 1}'],
  ['no keys', `${STOCK_KEYS}\n`, ''],
  ['empty keys', STOCK_KEYS, 'keys: []'],
  ['five keys', STOCK_KEYS, 'keys:\n' +
    [1, 2, 3, 4, 5].map((n) => `  - {public: k${n}, class: production, roles: [application]}\n`)
      .join('')],
];

function list(kind, base, verdict, cases) {
  return { kind, base, verdict, cases };
}

exports.lists = [
  list('manifest', 'release.yaml', taken, releaseTaken),
  list('manifest', 'release.yaml', refused, releaseRefused),
  list('manifest', 'release.yaml', readerOnly, releaseReaderOnly),
  list('manifest', 'release.yaml', schemaOnly, releaseSchemaOnly),
  list('manifest', 'release-combo.yaml', taken, comboTaken),
  list('manifest', 'release-combo.yaml', refused, comboRefused),
  list('manifest', 'release-combo.yaml', readerOnly, comboReaderOnly),
  list('manifest', 'release-stock.yaml', taken, stockTaken),
  list('manifest', 'release-stock.yaml', refused, stockRefused),
  list('manifest', 'release-variants.yaml', taken, variantsTaken),
  list('manifest', 'release-variants.yaml', refused, variantsRefused),
  list('manifest', 'release-variants.yaml', readerOnly, variantsReaderOnly),
  list('manifest', 'release-variants.yaml', schemaOnly, variantsSchemaOnly),
  list('device', 'device.yaml', taken, deviceTaken),
  list('device', 'device.yaml', refused, deviceRefused),
  list('device', 'device-stock.yaml', refused, deviceStockRefused),
];
