/* request.cjs NPM_DIR PROJECT_DIR OTAIMG
 * What `prepare`, `attach` and `answer` write is valid under its schema, and what the schema refuses
 * the reader refuses as well. */
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');
const { spawnSync } = require('child_process');

const [npmDir, projectDir, otaimg] = process.argv.slice(2);
const fromNpm = createRequire(path.join(npmDir, 'package.json'));
const Ajv = fromNpm('ajv/dist/2020').default;
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'otaimg-request-'));
const keys = path.join(projectDir, 'keys', 'test');
let failures = 0;
let checks = 0;

function expect(ok, text) {
  checks += 1;
  if (!ok) {
    failures += 1;
    console.log(text);
  }
}

function schema(kind) {
  return ajv.compile(JSON.parse(
    fs.readFileSync(path.join(projectDir, 'schemas', `${kind}.schema.json`), 'utf8')));
}

function run(...args) {
  return spawnSync(otaimg, args, { cwd: folder, encoding: 'utf8' });
}

function good(...args) {
  const { status, stderr } = run(...args);
  expect(status === 0, `otaimg ${args.join(' ')}: ${stderr}`);
}

function read(name) {
  return JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
}

function prepareFiles() {
  const firmware = Buffer.alloc(1024, 0x5a);
  firmware.writeUInt32LE(0x20010000, 0);
  firmware.writeUInt32LE(0x01000301, 4);
  fs.writeFileSync(path.join(folder, 'app.bin'), firmware);
  fs.writeFileSync(path.join(folder, 'aes.hex'), '0f1e2d3c4b5a69788796a5b4c3d2e1f0\n', { mode: 0o600 });
  for (const name of ['dev-a.pem', 'dev-a.pub.pem']) {
    fs.copyFileSync(path.join(keys, name), path.join(folder, name));
    fs.chmodSync(path.join(folder, name), 0o600);
  }
  fs.writeFileSync(path.join(folder, 'release.yaml'), `otaimg: 1
device: wbz451
firmware: {file: app.bin, format: bin, version: 1.4.2.0, sequence: 7}
sign: {key: "file:dev-a.pem"}
`);
}

/* [name, what to change] */
const damages = [
  ['other version', (r) => { r['otaimg-request'] = 2; }],
  ['round 3', (r) => { r.round = 3; }],
  ['round as text', (r) => { r.round = '1'; }],
  ['other rounds', (r) => { r.rounds = 3; }],
  ['sign of the other round', (r) => { r.sign = r.round === 1 ? 'metadata' : 'firmware'; }],
  ['other algorithm', (r) => { r.algorithm = 'ed25519'; }],
  ['short digest', (r) => { r.digest = r.digest.slice(2); }],
  ['no key', (r) => { delete r.key; }],
  ['key without PEM', (r) => { r.key.public = ''; }],
  ['no summary', (r) => { delete r.summary; }],
  ['number in the summary', (r) => { r.summary.sequence = 7; }],
  ['short metadata', (r) => { r.state.metadata = r.state.metadata.slice(2); }],
  ['no image id', (r) => { delete r.state['image-id']; }],
  ['image id of 33 bits', (r) => { r.state['image-id'] = 4294967296; }],
  ['image id below zero', (r) => { r.state['image-id'] = -1; }],
  ['no content', (r) => { delete r.state.content; }],
  ['short content', (r) => { r.state.content = r.state.content.slice(2); }],
  ['empty log', (r) => { r.state.log = ''; }],
  ['no draft', (r) => { delete r.state.draft; }],
  ['empty draft', (r) => { r.state.draft.file = ''; }],
  ['empty output', (r) => { r.state.output = ''; }],
  ['IV not hex', (r) => { r.state.encrypt = { key: 'file:aes.hex', iv: 'x'.repeat(32) }; }],
  ['key of no scheme', (r) => { r.state.encrypt = { key: 'aes.hex', iv: '0'.repeat(32) }; }],
  ['unknown member', (r) => { r.state.more = 1; }],
];

function checkRequest(name, isValid) {
  expect(isValid(read(name)), `${name}: ${ajv.errorsText(isValid.errors)}`);
  for (const [what, change] of damages) {
    const request = read(name);
    change(request);
    expect(!isValid(request), `${name}, ${what}: the schema takes it`);
    fs.writeFileSync(path.join(folder, 'damaged.json'), JSON.stringify(request));
    const { status } = run('answer', 'damaged.json', '-k', 'file:dev-a.pem', '-o', 'x.json');
    expect(status === 10 || status === 11, `${name}, ${what}: the reader says ${status}`);
  }
}

function sign(request, signature) {
  fs.writeFileSync(path.join(folder, 'digest.bin'), Buffer.from(read(request).digest, 'hex'));
  const { status } = spawnSync('openssl', ['pkeyutl', '-sign', '-inkey', 'dev-a.pem', '-in',
    'digest.bin', '-out', signature], { cwd: folder });
  expect(status === 0, 'openssl does not sign');
}

try {
  const isRequest = schema('request');
  const isResponse = schema('response');
  const encrypt = ['--set', 'encrypt.method=aes-128-cbc', '--set', 'encrypt.key=file:aes.hex',
    '--set', 'encrypt.iv=101112131415161718191a1b1c1d1e1f', '--set', 'output=app.ota',
    '--set', 'log=log.jsonl'];
  prepareFiles();
  for (const options of [[], encrypt]) {
    good('prepare', 'release.yaml', '--verify-key', 'dev-a.pub.pem', '-o', 'one.json', ...options);
    sign('one.json', 'one.der');
    good('attach', 'one.json', 'one.der', '-o', 'two.json');
    checkRequest('one.json', isRequest);
    checkRequest('two.json', isRequest);
    good('answer', 'two.json', '-k', 'file:dev-a.pem', '-o', 'response.json');
    const response = read('response.json');
    expect(isResponse(response), `response: ${ajv.errorsText(isResponse.errors)}`);
    expect(!isResponse({ ...response, more: 1 }), 'response, unknown member: the schema takes it');
    good('attach', 'two.json', 'response.json', '-o', 'app.ota');
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
console.log(`${checks} checks, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
