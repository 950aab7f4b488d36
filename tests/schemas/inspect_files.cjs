/* The files that the tests of `inspect` and of the Kaitai description look at: the golden ones, each
 * with the key that decrypts it, and some that are built here so that every record occurs. */
'use strict';
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');

const VENDOR_KEY = ['aabbccddeeff00112233445566778899', '0'.repeat(32)];
const CUSTOM_KEY = ['0f0e0d0c0b0a09080706050403020100', '00112233445566778899aabbccddeeff'];
const GOLDEN_IV = '101112131415161718191a1b1c1d1e1f';

const ATTRIBUTES = `attributes:
  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
  hardware: {class: 0x00000102, min-revision: 1, max-revision: 4}
  security-counter: 3
  min-installed-version: 1.2.0.0
  image-type: application
  activation: trial
  min-battery: 30
  revoke-keys: [1]
  release: {kind: security, mandatory: true, support-end: 2031-12-31}
  sbom: sbom.json
  source-revision: 0123456789abcdef0123456789abcdef01234567
  user: {0x8802: "01", 0x8801: "00ff", 0x8fff: ""}
`;
const ZIGBEE = `zigbee: {manufacturer-code: 0x1234, image-type: 0x5678, file-version: 1,
  header-string: "text", security-credential-version: 1, destination: 0x0011223344556677,
  min-hardware-version: 1, max-hardware-version: 7}
`;
const ENCRYPT = `encrypt: {method: aes-128-cbc, key: "file:vendor.key", iv: "${VENDOR_KEY[1]}"}\n`;

function list(folder) {
  return fs.existsSync(folder)
    ? fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name))
        .filter((file) => /\.(bin|hex|ota)$/.test(file)).sort()
    : [];
}

class Files {
  constructor(otaimg, projectDir, scratch) {
    this.otaimg = otaimg;
    this.projectDir = projectDir;
    this.scratch = scratch;
    this.golden = path.join(projectDir, 'tests', 'golden');
    this.vendorKey = this.keep('vendor.key', VENDOR_KEY[0]);
    this.customKey = this.keep('custom.key', CUSTOM_KEY[0]);
  }

  /* Writes a file into the scratch folder and returns its path. */
  keep(name, content) {
    const file = path.join(this.scratch, name);
    fs.writeFileSync(file, content);
    return file;
  }

  run(...args) {
    const run = spawnSync(this.otaimg, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    /* Neither a signal nor an internal error, nor what sanitizers end with. */
    if (![0, 2, 3, 4, 10, 11, 13, 14, 15, 16].includes(run.status)) {
      throw new Error(`otaimg ${args.join(' ')}: ended with ${run.status ?? run.signal}: ${run.stderr}`);
    }
    return run;
  }

  /* What `inspect --json` prints, or null; and its exit code. */
  inspect(file, options = []) {
    const run = this.run('inspect', '--json', file, ...options);
    return { report: run.stdout === '' ? null : JSON.parse(run.stdout), code: run.status,
      text: run.stderr };
  }

  decryptOptions(file) {
    if (!file.startsWith(this.golden) || path.dirname(file).endsWith('bz2')) {
      return /customkey/.test(file)
        ? ['--decrypt-key', `file:${this.customKey}`, '--decrypt-iv', CUSTOM_KEY[1]]
        : ['--decrypt-key', `file:${this.vendorKey}`, '--decrypt-iv', VENDOR_KEY[1]];
    }
    return ['--decrypt-key', `file:${path.join(this.golden, 'keys', 'aes.hex')}`,
      '--decrypt-iv', GOLDEN_IV];
  }

  /* One file: name, kind, encrypted, with attributes. */
  build(name, type, encrypted, attributes) {
    const zigbee = type === 'zigbee' || type === 'combo';
    const manifest = this.keep(`${name}.yaml`, `otaimg: 1
device: wbz451
firmware: {file: "${path.join(this.golden, 'microchip', 'inputs', 'app_777.hex')}",
  version: 1.4.2.0, sequence: 7}
sign: {key: "file:${path.join(this.projectDir, 'keys', 'test', 'dev-a.pem')}", class: development}
file-type: ${type}
${encrypted ? ENCRYPT : ''}${attributes ? ATTRIBUTES : ''}${zigbee ? ZIGBEE : ''}`);
    const output = path.join(this.scratch, `${name}.ota`);
    const run = spawnSync(this.otaimg, ['build', manifest, '-o', output, '-q'], {
      encoding: 'utf8', env: { ...process.env, SOURCE_DATE_EPOCH: '1760000000' },
    });
    if (run.status !== 0) {
      throw new Error(`cannot build ${name}: ${run.stderr}`);
    }
    return output;
  }

  built() {
    this.keep('sbom.json', '{"bomFormat": "CycloneDX", "specVersion": "1.5"}\n');
    return [this.build('ble-full', 'ble', false, true),
      this.build('ble-full-encrypted', 'ble', true, true),
      this.build('zigbee-full', 'zigbee', false, true),
      this.build('zigbee-stock', 'zigbee', false, false),
      this.build('ble-stock', 'ble', false, false),
      this.build('combo-full', 'combo', false, true),
      this.build('combo-full-encrypted', 'combo', true, true),
      this.build('image-full', 'image', false, true)];
  }

  good() {
    const files = [...list(path.join(this.golden, 'microchip', 'bz2')),
      ...list(path.join(this.golden, 'good')), ...this.built()];
    if (files.length < 26) {
      throw new Error(`only ${files.length} files found`);
    }
    return files;
  }

  bad() {
    return list(path.join(this.golden, 'bad'));
  }
}

module.exports = { Files };
