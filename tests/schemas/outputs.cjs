/* outputs.cjs NPM_DIR PROJECT_DIR OTAIMG
 * What `lint --json`, `build --provenance`, `estimate --json`, `simulate --json`, `send --json`,
 * `keys generate --record`, `keys show --json`, `keys list --json` and `merge --json` write is valid under
 * its schema, and damaged it is not. Keys are made in files and in a SoftHSM token; without SoftHSM the
 * test is skipped (77), but not in CI. */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');
const { spawn, spawnSync } = require('child_process');

const [npmDir, projectDir, otaimg] = process.argv.slice(2);
const Ajv = createRequire(path.join(npmDir, 'package.json'))('ajv/dist/2020').default;
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false,
  allowUnionTypes: true, strictTuples: false });
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'otaimg-outputs-'));
const at = (name) => path.join(scratch, name);
let failures = 0;
let checks = 0;

function expect(ok, text) {
  checks += 1;
  if (!ok) {
    failures += 1;
    console.log(text);
  }
}

function readSchema(kind) {
  return JSON.parse(
    fs.readFileSync(path.join(projectDir, 'schemas', `${kind}.schema.json`), 'utf8'));
}

const schema = (kind) => ajv.compile(readSchema(kind));

function run(args, wanted, env = {}) {
  const { status, stdout, stderr } = spawnSync(otaimg, args,
    { cwd: scratch, encoding: 'utf8', env: { ...process.env, ...env } });
  expect(status === wanted, `otaimg ${args.join(' ')}: exit ${status}, ${stderr}`);
  return stdout;
}

const readJson = (name) => JSON.parse(fs.readFileSync(at(name), 'utf8'));

/* Every member of every object: its path in the document. */
function members(value, place = []) {
  if (value === null || typeof value !== 'object') {
    return [];
  }
  return Object.keys(value).flatMap((key) =>
    [...(Array.isArray(value) ? [] : [[...place, key]]), ...members(value[key], [...place, key])]);
}

function changed(document, place, change) {
  const copy = JSON.parse(JSON.stringify(document));
  const holder = place.slice(0, -1).reduce((value, key) => value[key], copy);
  change(holder, place[place.length - 1]);
  return copy;
}

/* A document is valid; not so without a member (but for optional ones), with one more beside it, or
 * with one of another type. */
function check(name, validate, document, optional = []) {
  expect(validate(document), `${name}: ${ajv.errorsText(validate.errors)}`);
  for (const place of members(document)) {
    const where = `${name}: ${place.join('.')}`;
    if (!optional.includes(place[place.length - 1])) {
      expect(!validate(changed(document, place, (o, key) => { delete o[key]; })),
        `${where}: may be left out`);
    }
    expect(!validate(changed(document, place, (o) => { o.more = 1; })), `${where}: and more`);
    expect(!validate(changed(document, place, (o, key) => { o[key] = 1.5; })),
      `${where}: of another type`);
  }
}

function writeInputs() {
  const firmware = Buffer.alloc(800, 0x20);
  firmware.writeUInt32LE(0x20010000, 0);
  firmware.writeUInt32LE(0x01000301, 4);
  fs.writeFileSync(at('app.bin'), firmware);
  fs.writeFileSync(at('sbom.json'), '{"bomFormat": "CycloneDX", "specVersion": "1.5"}\n');
  for (const [folder, name] of [['tests/golden/keys', 'release.pem'], ['keys/test', 'dev-a.pem']]) {
    fs.copyFileSync(path.join(projectDir, folder, name), at(name));
    fs.chmodSync(at(name), 0o600);
  }
  fs.writeFileSync(at('stock.yaml'), `otaimg: 1
device: wbz451
firmware: {file: app.bin, version: 1.4.2.0, sequence: 7}
sign: {key: "file:release.pem"}
output: app.ota
`);
  fs.writeFileSync(at('full.yaml'), `${fs.readFileSync(at('stock.yaml'), 'utf8')}attributes:
  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
  hardware: {class: 0x00000102, min-revision: 1, max-revision: 4}
  security-counter: 3
  release: {kind: feature, support-end: 2031-12-31}
  source-revision: "0123456789abcdef0123456789abcdef01234567"
  sbom: sbom.json
`);
  fs.writeFileSync(at('variants.yaml'), `${fs.readFileSync(at('full.yaml'), 'utf8').replace(/^  sbom.*\n/m, '')}variants:
  - {name: eu, attributes: {hardware: {class: 0x00000103}}}
  - {name: us, output: us.ota, lint: {off: {no-sbom: none}}}
  - {name: lab, output: lab.ota, sign: {class: development}}
`);
  fs.writeFileSync(at('factory.yaml'), `otaimg-device: 1
device: wbz451
keys:
  - {public: "file:release.pem", class: production, roles: [application, secondary]}
  - {public: "file:new.pem", class: production, roles: [bootloader]}
product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
hardware: {class: 0x00000102, revision: 2}
decrypt: {key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}
`);
  fs.writeFileSync(at('stock-device.yaml'), `otaimg-device: 1
device: wbz451
policy: stock
class: development
keys: [{public: "file:dev-a.pem", class: development, roles: [application]}]
`);
  fs.writeFileSync(at('aes.hex'), '0f1e2d3c4b5a69788796a5b4c3d2e1f0\n', { mode: 0o600 });
}

/* ---- lint ---- */

const set = (...values) => values.flatMap((value) => ['--set', value]);

function checkLint() {
  const validate = schema('lint');
  const rules = readSchema('manifest').properties.lint.properties.off.propertyNames.enum;
  const lint = (name, wanted, ...options) => {
    const report = JSON.parse(run(['lint', '-q', name, '--json', ...options], wanted));
    check(`lint ${[name, ...options].join(' ')}`, validate, report);
    for (const { findings, off, skipped } of [report].flat()) {
      for (const rule of [...findings, ...off].map((finding) => finding.rule).concat(skipped)) {
        expect(rules.includes(rule), `lint: '${rule}' cannot be turned off`);
      }
    }
    return report;
  };
  const encrypt = set('encrypt.method=aes-128-cbc', 'encrypt.key=file:missing.hex',
    'encrypt.iv=00000000000000000000000000000000');
  expect(lint('full.yaml', 0).findings.length === 0, 'lint: finds something in a good release');
  expect(lint('stock.yaml', 1).findings.length > 0, 'lint: finds nothing');
  lint('full.yaml', 1, ...set('sign.key=file:dev-a.pem'));
  expect(lint('stock.yaml', 0, ...set('lint.off.no-sbom=none', 'lint.off.no-support-end=none',
    'lint.off.no-attributes=none')).off.length > 0, 'lint: nothing is off');
  expect(lint('full.yaml', 1, ...set('sign.key=file:missing.pem'), ...encrypt).skipped.length === 3,
    'lint: not three rules are skipped');
  expect(lint('full.yaml', 0, ...set('sign.class=development')).class === 'development',
    'lint: another class');
  const variants = lint('variants.yaml', 1, ...set('sign.key=file:missing.pem'));
  expect(variants.length === 3, 'lint: not three variants');
  expect(!validate([]) && !validate(variants[0]), 'lint: a list without variants, or a variant alone');
  expect(lint('variants.yaml', 0, '--variant', 'lab').length === 1, 'lint: not one variant');
}

/* ---- provenance ---- */

function checkProvenance() {
  const validate = schema('provenance');
  const build = (name, options, env) => {
    run(['build', '-q', name, '--provenance', ...options], 0, env);
    const statement = readJson('app.ota.provenance.json');
    check(`build ${[name, ...options].join(' ')}`, validate, statement, ['sbom', 'variant']);
    expect(statement.subject[0].digest.sha256 ===
      crypto.createHash('sha256').update(fs.readFileSync(at('app.ota'))).digest('hex'),
    `${name}: another subject`);
    return statement;
  };
  const withBuilder = (statement, id) => changed(statement,
    ['predicate', 'runDetails', 'builder', 'id'], (builder) => { builder.id = id; });
  build('stock.yaml', []);
  const statement = build('full.yaml',
    ['--sbom', 'sbom.json', '--builder-id', 'https://ci.example/%7Erunner?a=1#[x]', ...set('firmware.sequence=9')],
    { SOURCE_DATE_EPOCH: '1700000000' });
  expect(statement.predicate.buildDefinition.resolvedDependencies.length === 4, 'not four inputs');
  expect(build('variants.yaml', ['--variant', 'eu']).predicate.buildDefinition.externalParameters
    .variant === 'eu', 'another variant');
  /* The same URIs as the program. */
  for (const id of ['urn:x', 'a:b', 'mailto:a@b', 'x', 'x:', '1:x', 'a b:c', 'a:%4', 'a:%4g', 'a:é']) {
    const { status } = spawnSync(otaimg, ['build', '-q', 'stock.yaml', '--provenance', '--builder-id', id],
      { cwd: scratch });
    expect(status === (validate(withBuilder(statement, id)) ? 0 : 2), `builder id '${id}': ${status}`);
  }
}

/* ---- estimate ---- */

function checkEstimate() {
  const validate = schema('estimate');
  run(['build', '-q', 'stock.yaml'], 0);
  const estimate = JSON.parse(run(['estimate', 'app.ota', '--json'], 0));
  check('estimate', validate, estimate);
  expect(estimate.image_length === fs.statSync(at('app.ota')).size - 16, 'estimate: another length');
  expect([23, 185, 247, 498].every((mtu) => estimate.links.some((link) => link.att_mtu === mtu)),
    'estimate: an MTU is missing');
  expect(estimate.links.every(({ intervals }) => intervals.every((t) => t.fast_ms <= t.slow_ms)),
    'estimate: slow is faster');
  expect(estimate.uncompressed_length === undefined, 'estimate: compressed');
  run(['build', '-q', 'full.yaml', '--set', 'compress.method=deflate', '--set', 'compress.keep=true',
    '--set', 'firmware.sequence=10'], 0);
  const compressed = JSON.parse(run(['estimate', 'app.ota', '--json'], 0));
  check('estimate of a compressed file', validate, compressed, ['uncompressed_length',
    'fast_saved_ms', 'slow_saved_ms']);
  expect(compressed.uncompressed_length > 512 && compressed.links.every(({ intervals }) => intervals
    .every((t) => Number.isInteger(t.fast_saved_ms) && Number.isInteger(t.slow_saved_ms))),
  'estimate: nothing about compression');
}

/* ---- simulate ---- */

function checkSimulate() {
  const validate = schema('simulate');
  run(['build', '-q', 'full.yaml', '-o', 'new.ota'], 0);
  fs.writeFileSync(at('virtual.yaml'), `otaimg-device: 1
device: wbz451
keys: [{public: "file:release.pem", class: production, roles: [application]}]
product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
hardware: {class: 0x00000102, revision: 2}
installed: {version: 1.4.1.0, security-counter: 3}
`);
  const simulate = (status, ...args) => {
    const output = JSON.parse(run(
      ['simulate', 'new.ota', '-q', '--device', 'virtual.yaml', '--json', ...args], status));
    check(`simulate ${args.join(' ')}`, validate, output);
    return output;
  };
  const plain = simulate(0);
  expect(plain.result.end === 'new' && plain.faults === null, 'simulate: another end');
  expect(plain.image_length === fs.statSync(at('new.ota')).size - 16, 'simulate: another length');
  expect(simulate(1, '--self-test', 'hangs').result.reason !== null, 'simulate: no reason');
  expect(simulate(14, '--installed', 'new.ota').result.end === 'refused', 'simulate: not refused');
  const { faults } = simulate(0, '--faults', 'all', '--thin', '100');
  expect(Object.values(faults.ends).reduce((a, b) => a + b) === faults.link_cuts +
    faults.clean_power_cuts + faults.torn_power_cuts, 'simulate: not every run has an end');
}

/* ---- send ---- */

/* A device, and what is sent to it when it listens. */
function sendTo(place, device, ...args) {
  const child = spawn(device[0], device.slice(1), { cwd: scratch, stdio: 'ignore' });
  try {
    for (let rounds = 0; !fs.existsSync(at(place)) && rounds < 300; rounds += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
    return JSON.parse(run(['send', 'new.ota', '-q', '--json', ...args], 0));
  } finally {
    child.kill();
  }
}

/* To the device of the simulation, and to what answers as a bootloader. */
function checkSend() {
  const validate = schema('send');
  const report = sendTo('socket', [otaimg, 'simulate', '--listen', 'socket', '--device', 'virtual.yaml'],
    '--unix', 'socket');
  check('send --unix', validate, report);
  expect(report.bytes === fs.statSync(at('new.ota')).size - 16, 'send: another length');
  expect(report.device_version === '1.4.1.0' && report.reset, 'send: another device, or no reset');
  expect(!validate({ ...report, transport: 'serial' }), 'send: a bootloader with an MTU');
  const slot = sendTo('port', ['python3', path.join(projectDir, 'tests/schemas/dfu_peer.py'), 'port'],
    '--serial', 'port');
  check('send --serial', validate, slot);
  expect(slot.bytes === 512 + 800 && slot.repeated === 0, 'send: another length, or disturbed');
  expect(!validate({ ...slot, transport: 'unix' }), 'send: a service with pages');
}

/* ---- key records ---- */

function makeToken() {
  const { status, stdout, stderr } = spawnSync('sh',
    [path.join(projectDir, 'keys', 'test', 'make-token.sh'), at('token'), '--label', 'release'],
    { encoding: 'utf8' });
  if (status === 77 && process.env.CI !== 'true') {
    console.log(`SKIP: ${stderr}`);
    return null;
  }
  expect(status === 0, stderr);
  const shell = spawnSync('sh', ['-c', `${stdout}\nenv`], { encoding: 'utf8', env: {} });
  return { ...Object.fromEntries(shell.stdout.trim().split('\n').map((line) => {
    const end = line.indexOf('=');
    return [line.slice(0, end), line.slice(end + 1)];
  })), OTAIMG_PIN: fs.readFileSync(at('token/pin'), 'utf8').trim() };
}

function checkRecords(token) {
  const validate = schema('key-record');
  const generate = (name, uri, options, env) => {
    run(['keys', 'generate', '-q', uri, '--record', name, ...options], 0, env);
    const record = readJson(name);
    check(name, validate, record);
    expect(!validate({ ...record, type: 'EC P-384' }), `${name}: of another type of key`);
    return record;
  };
  const file = generate('file.json', 'file:new.pem', ['--no-encrypt']);
  expect(!file.encrypted, 'a record says encrypted');
  expect(generate('secret.json', 'file:secret.pem', [], { OTAIMG_PASSPHRASE: 'a long passphrase' })
    .encrypted, 'a record does not say encrypted');
  if (token === null) {
    return;
  }
  const key = generate('token.json', 'pkcs11:token=release;object=new', [], token);
  const aes = generate('aes.json', 'pkcs11:token=release;object=new-aes', ['--type', 'aes128'], token);
  expect(!validate({ ...aes, sha256: key.sha256 }), 'an AES key has a public half');
  expect(!validate({ ...key, file: 'x', encrypted: true }), 'a key is in two places');
}

/* ---- keys ---- */

function checkKeys(token) {
  const validate = schema('keys');
  const keys = (args, env) => {
    const document = JSON.parse(run(['keys', ...args, '--json'], 0, env));
    check(`keys ${args.join(' ')}`, validate, document);
    return document;
  };
  const shown = keys(['show', 'file:release.pem']);
  expect(keys(['show', 'dev-a.pem']).known === 'development', 'a development key is not known');
  expect(!validate({ ...shown, known_name: 'x' }), 'a key has a name and is not known');
  for (const [device, hasIdentity] of [['factory.yaml', true], ['stock-device.yaml', false]]) {
    run(['keys', 'export', '-q', '--format', 'provision', '-d', device, '--with-decrypt-key',
      '-o', 'device.prov'].filter((arg) => hasIdentity || arg !== '--with-decrypt-key'), 0);
    const record = keys(['show', 'device.prov']);
    expect('product' in record === hasIdentity, `${device}: product`);
    expect((record.decrypt_key === 'present') === hasIdentity, `${device}: AES key`);
    expect(!validate({ ...record, decrypt_key: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' }), 'an AES key');
    expect(!validate({ ...record, keys: [] }), `${device}: no keys`);
  }
  if (token === null) {
    return;
  }
  const uri = 'pkcs11:token=release';
  const all = keys(['list', uri, '--login', '-q'], token);
  expect(all.tokens.length === 1 && all.tokens[0].logged_in, 'not one token with login');
  expect(['EC P-256', 'AES-128'].every((type) => all.keys.some((key) => key.type === type)),
    'not both types of key');
  const hidden = all.keys.findIndex((key) => !key.has_public);
  expect(!validate(changed(all, ['keys', hidden, 'x'], (key) => { key.x = shown.x; })),
    'half of a public key');
  expect(keys(['list', uri, '-q'], token).keys.length < all.keys.length, 'as many without login');
}

/* ---- merge ---- */

/* Intel HEX of pieces, each an address and its bytes. */
function hex(pieces) {
  const record = (type, offset, data) => {
    const bytes = Buffer.concat([Buffer.from([data.length, offset >> 8, offset & 255, type]), data]);
    const sum = bytes.reduce((total, byte) => total + byte, 0);
    return `:${bytes.toString('hex')}${Buffer.from([-sum & 255]).toString('hex')}\n`.toUpperCase();
  };
  const lines = pieces.flatMap(([address, data]) =>
    Array.from({ length: Math.ceil(data.length / 16) }, (_, i) => {
      const at16 = address + 16 * i;
      return record(4, 0, Buffer.from([at16 >>> 24, at16 >>> 16 & 255])) +
        record(0, at16 & 65535, data.subarray(16 * i, 16 * i + 16));
    }));
  return `${lines.join('')}:00000001FF\n`;
}

function checkMerge() {
  const validate = schema('merge');
  const vectors = Buffer.alloc(64);
  vectors.writeUInt32LE(0x20010000, 0);
  vectors.writeUInt32LE(0x00000021, 4);
  fs.writeFileSync(at('boot.hex'), hex([[0, vectors]]));
  fs.writeFileSync(at('app.hex'),
    hex([[0x45f88, Buffer.alloc(24, 0x7f)], [0x01000200, fs.readFileSync(at('app.bin'))]]));
  const merge = (device, manifest, ...options) => {
    run(['keys', 'export', '-q', '--format', 'provision', '-d', device, '-o', 'merge.prov',
      ...options], 0);
    run(['build', '-q', manifest], 0);
    const report = JSON.parse(run(['merge', '-q', 'app.ota', '--app-hex', 'app.hex', '-b', 'boot.hex',
      '-p', 'merge.prov', '-o', 'factory.hex', '--json'], 0));
    check(`merge ${device}`, validate, report, ['known_name']);
    return report;
  };
  const report = merge('factory.yaml', 'full.yaml', '--with-decrypt-key');
  expect(report.secret && report.areas[3].bytes === 512 + 800, 'merge: another application');
  expect(!validate({ ...report, areas: [...report.areas].reverse() }), 'merge: areas in another order');
  expect(!validate(changed(report, ['key', 'known'], (key) => { key.known_name = 'x'; })),
    'merge: a key has a name and is not known');
}

let complete = false;
try {
  writeInputs();
  checkLint();
  checkProvenance();
  checkEstimate();
  checkSimulate();
  checkSend();
  const token = makeToken();
  checkRecords(token);
  checkKeys(token);
  checkMerge();
  complete = token !== null;
} finally {
  fs.rmSync(scratch, { recursive: true });
}
console.log(`${checks} checks, ${failures} failures`);
process.exit(failures > 0 ? 1 : complete ? 0 : 77);
