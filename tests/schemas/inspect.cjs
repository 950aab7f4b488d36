/* inspect.cjs NPM_DIR PROJECT_DIR OTAIMG STEP
 * Whatever file `otaimg inspect --json` is given, what it prints is valid under
 * schemas/inspect.schema.json and agrees with itself, the file and the exit code. Of long series every
 * STEP-th file or bit only. */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');
const { Files } = require('./inspect_files.cjs');

const [npmDir, projectDir, otaimg, stepText] = process.argv.slice(2);
const step = Number(stepText);
const fromNpm = createRequire(path.join(npmDir, 'package.json'));
const Ajv = fromNpm('ajv/dist/2020').default;

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false,
  allowUnionTypes: true, strictTypes: false });
const validate = ajv.compile(JSON.parse(
  fs.readFileSync(path.join(projectDir, 'schemas', 'inspect.schema.json'), 'utf8')));

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'otaimg-inspect-'));
const files = new Files(otaimg, projectDir, scratch);
let failures = 0;
let reports = 0;

function expect(ok, text) {
  if (!ok) {
    failures += 1;
    console.log(text);
  }
}

function same(name, got, wanted) {
  expect(JSON.stringify(got) === JSON.stringify(wanted),
    `${name}: ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

/* What a schema cannot say. */
function checkConsistent(name, file, { report, code }) {
  const bytes = fs.readFileSync(file);
  same(`${name}: length`, report.file.length, bytes.length);
  same(`${name}: sha256`, report.file.sha256,
    crypto.createHash('sha256').update(bytes).digest('hex'));
  same(`${name}: problem and exit code`, report.problem !== undefined, code !== 0);
  for (const record of report.records) {
    let sum = 0;
    for (const field of record.fields) {
      same(`${name}: ${record.name}.${field.name}: raw`, field.raw.length, 2 * field.length);
      expect(field.valid || code !== 0 || record.attribute_type >= 0x8000,
        `${name}: ${record.name}.${field.name}: not valid`);
      sum += field.length;
    }
    same(`${name}: ${record.name}: length`, sum, record.length);
  }
}

function check(name, file, options = []) {
  const result = files.inspect(file, options);
  if (result.report === null) {
    /* HEX that cannot be read as such is no file with fields. */
    expect(fs.readFileSync(file)[0] === ':'.charCodeAt(0) && result.code === 10,
      `${name}: no report, exit code ${result.code}: ${result.text}`);
    return result;
  }
  reports += 1;
  expect(validate(result.report), `${name}: ${ajv.errorsText(validate.errors)}`);
  checkConsistent(name, file, result);
  return result;
}

function protectionOf(report, record, field) {
  return report.records.find((r) => r.name === record)?.fields
    .find((f) => f.name === field)?.protection;
}

/* ---- files ------------------------------------------------------------------------------------ */

function checkGood() {
  for (const file of files.good()) {
    const name = path.relative(projectDir, file);
    const { report, code } = check(`${name} with key`, file, files.decryptOptions(file));
    same(`${name}: exit code`, code, 0);
    same(`${name}: firmware`, report.firmware !== undefined, true);
    if (report.file.encrypted) {
      const locked = check(`${name} without key`, file);
      same(`${name}: readable without key`, locked.report.file.readable, false);
      same(`${name}: exit code without key`, locked.code, 0);
    }
  }
}

function checkBad() {
  for (const file of files.bad().filter((_, i) => i % step === 0)) {
    const name = path.relative(projectDir, file);
    check(name, file);
    check(`${name} with key`, file, files.decryptOptions(file));
  }
}

function checkProblem(name, bytes, options, code, problem) {
  const file = files.keep('case.bin', bytes);
  const result = check(name, file, options);
  same(`${name}: exit code`, result.code, code);
  same(`${name}: problem`, result.report?.problem, problem);
  same(`${name}: message`, result.text, problem === undefined ? '' : `otaimg: ${file}: ${problem}\n`);
  return result.report;
}

function checkNotOta() {
  const notOta = 'not an OTA file, expected an OTAU or Zigbee header or metadata';
  checkProblem('empty file', '', [], 10, 'data ends early');
  checkProblem('one byte', '\x01', [], 10, 'data ends early');
  checkProblem('text', 'This is a text file and no more.\n', [], 10, notOta);
  checkProblem('zeros', Buffer.alloc(4096), [], 10, notOta);
  checkProblem('erased flash', Buffer.alloc(4096, 0xff), [], 10, notOta);
  same('broken HEX', check('broken HEX', files.keep('case.bin', ':0000')).report, null);
  checkProblem('ELF', `\x7fELF${'\0'.repeat(60)}`, [], 10, notOta);
}

function checkName() {
  const file = Buffer.concat([Buffer.from(`${scratch}/name-`), Buffer.from([0xff])]);
  fs.writeFileSync(file, 'no OTA file, just some text');
  /* A program's arguments are strings here: only a shell can give it such a name. */
  const run = require('child_process').spawnSync('sh', ['-c', `"$0" inspect --json "$1"/name-*`,
    otaimg, scratch], { encoding: 'utf8' });
  const report = JSON.parse(run.stdout);
  expect(validate(report), `name that is not UTF-8: ${ajv.errorsText(validate.errors)}`);
  same('name that is not UTF-8: path', report.file.path, undefined);
}

function fixChecksum(bytes) {
  let sum = 0;
  bytes.writeUInt16LE(0, 2);
  for (const byte of bytes) {
    sum += byte;
  }
  bytes.writeUInt16LE((0x10000 - (sum & 0xffff)) & 0xffff, 2);
  return bytes;
}

function checkDamage() {
  const plain = fs.readFileSync(path.join(scratch, 'ble-full.ota'));
  const encrypted = fs.readFileSync(path.join(scratch, 'ble-full-encrypted.ota'));
  const image = fs.readFileSync(path.join(scratch, 'image-full.ota'));
  const options = files.decryptOptions(path.join(scratch, 'ble-full-encrypted.ota'));
  const otherIv = [...options.slice(0, 3), `${'0'.repeat(31)}1`];

  const flipped = Buffer.from(plain);
  flipped[600] ^= 1;
  checkProblem('flipped bit', flipped, [], 10, 'file checksum does not match');
  checkProblem('wrong IV', encrypted, otherIv, 15, 'does not decrypt to metadata, wrong key or IV');
  for (const o of [[], options]) {
    const odd = fixChecksum(Buffer.concat([encrypted, Buffer.from([0])]));
    checkProblem('part of a block', odd, o, 10,
      `encrypted payload is ${odd.length - 16} bytes, expected a multiple of 16`);
  }
  const report = checkProblem('cut image', image.subarray(0, 700), [], 10,
    'length or padding of the payload does not fit the metadata');
  same('cut image: firmware', report.firmware, undefined);
  const attributes = Buffer.from(image);
  attributes[0x71 + 5] += 1;
  checkProblem('one record too many', attributes, [], 10,
    'attributes not well-formed, at byte 5 of the attribute area');
}

/* Informative attributes: what is wrong with them is shown, and is no problem. */
function checkInformative() {
  const image = fs.readFileSync(path.join(scratch, 'image-full.ota'));
  const area = image.subarray(0x71);
  const buildTime = area.indexOf(Buffer.from([0x10, 0x80, 8, 0]));
  const release = area.indexOf(Buffer.from([0x11, 0x80, 8, 0]));
  same('release behind build time', release, buildTime + 12);

  area[release + 4] = 9;
  let { records } = checkProblem('unknown kind of release', image, [], 0, undefined);
  const [kind] = records.find((r) => r.name === 'release').fields;
  same('kind of release', [kind.name, kind.value, kind.valid], ['kind', 9, false]);

  area[buildTime + 2] = 20; /* takes the next record in */
  area[5] -= 1;
  ({ records } = checkProblem('long build time', image, [], 0, undefined));
  const { fields } = records.find((r) => r.name === 'build_time');
  same('long build time', fields.map((f) => [f.name, f.length, f.valid]), [['value', 20, false]]);
}

/* Every truncation of a file of every kind is reported, not crashed on. */
function checkTruncations() {
  for (const [name, end] of [['combo-full-encrypted', 110], ['image-full', 60]]) {
    const bytes = fs.readFileSync(path.join(scratch, `${name}.ota`));
    for (let len = 0; len < end; len += step) {
      const file = files.keep('short.bin', bytes.subarray(0, len));
      const { code } = check(`${name} cut to ${len} bytes`, file);
      same(`${name} cut to ${len} bytes: exit code`, code, 10);
    }
  }
}

/* ---- what is said about protection ------------------------------------------------------------ */

function checkProtection() {
  const signed = files.inspect(path.join(scratch, 'ble-full.ota')).report;
  const wanted = [['otau', 'image_id', 'header-binding'], ['otau', 'revision', 'checksum'],
    ['metadata', 'manufacturer_id', 'checksum'], ['metadata', 'sequence', 'header-binding'],
    ['metadata', 'metadata_revision', 'signature'], ['metadata', 'metadata_signature', 'signature'],
    ['product', 'id', 'signature'], ['attribute_0x8801', 'value', 'signature']];
  for (const [record, field, protection] of wanted) {
    same(`signed ${record}.${field}`, protectionOf(signed, record, field), protection);
  }
  /* The same file with the method "none": nothing is signed, so nothing is bound either. */
  const bytes = fs.readFileSync(path.join(scratch, 'ble-full.ota'));
  bytes[16 + 0x16] = 0;
  const unsigned = files.inspect(files.keep('unsigned.ota', fixChecksum(bytes))).report;
  for (const [record, field] of wanted) {
    same(`unsigned ${record}.${field}`, protectionOf(unsigned, record, field), 'checksum');
  }
}

/* ---- the same for people ---------------------------------------------------------------------- */

function textLine(field) {
  const mark = { none: '  [unprotected]', signature: '' }[field.protection]
    ?? `  [${field.protection}]`;
  return `  0x${field.offset.toString(16).toUpperCase().padStart(5, '0')}  ${field.name.padEnd(26)} `
    + `VALUE${field.meaning === undefined ? '' : ` (${field.meaning})`}`
    + `${field.valid ? '' : '  NOT VALID'}${mark}`;
}

/* Fields as in the report, but for fillers that are zero and the attribute area as a whole. */
function checkText(name) {
  const file = path.join(scratch, name);
  const wanted = files.inspect(file).report.records.flatMap((record) => record.fields)
    .filter((field) => field.length <= 72 && !(/^(filler|reserved)/.test(field.name) && field.valid));
  const lines = files.run('inspect', file).stdout.split('\n').filter((line) => /^  0x/.test(line));

  same(`${name}: lines`, lines.length, wanted.length);
  wanted.forEach((field, i) => {
    const [before, after] = textLine(field).split('VALUE');
    expect(lines[i]?.startsWith(before) && lines[i].endsWith(after),
      `${name}: '${lines[i]}', expected '${before}...${after}'`);
  });
}

/* ---- what the format leaves unprotected ------------------------------------------------------- */

function deviceFile(policy) {
  return files.keep(`${policy}.yaml`, `otaimg-device: 1
device: wbz451
policy: ${policy}
class: development
keys:
  - public: "${path.join(projectDir, 'keys', 'test', 'dev-a.pub.pem')}"
    class: development
    roles: [application]
product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
hardware: {class: 0x00000102, revision: 2}
installed: {version: 1.4.1.0, security-counter: 0}
`);
}

/* Names of the fields outside the signature in which one bit can change, the checksum made to fit,
 * and the device still takes the file. */
function unprotected(name, policy) {
  const file = path.join(scratch, `${name}.ota`);
  const original = fs.readFileSync(file);
  const { report } = files.inspect(file);
  const device = deviceFile(policy);
  const found = [];

  same(`${name} under ${policy}: exit code`, files.run('verify', file, '--device', device).status, 0);
  for (const record of report.records) {
    for (const field of record.fields.filter((f) => f.protection !== 'signature')) {
      for (let bit = 0; bit < 8 * field.length; bit += step) {
        const bytes = Buffer.from(original);
        bytes[field.offset + (bit >> 3)] ^= 1 << (bit & 7);
        if (report.records[0].name === 'otau' && field.name !== 'checksum') {
          fixChecksum(bytes);
        }
        if (files.run('verify', files.keep('flip.ota', bytes), '--device', device).status === 0) {
          found.push(`${record.name}.${field.name}`);
          break;
        }
      }
    }
  }
  return found;
}

/* The table of schemas/README.md: | file | policy | fields | */
function checkUnprotected() {
  const readme = fs.readFileSync(path.join(projectDir, 'schemas', 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| ((?:ble|zigbee|combo)-\w+) \| (strict|stock) \| (.*) \|$/gm)];
  same('rows about unprotected fields', rows.length, 5);
  for (const [, name, policy, fields] of rows) {
    same(`${name} under ${policy}: unprotected`, unprotected(name, policy),
      fields === 'none' ? [] : fields.split(', '));
  }
}

try {
  checkGood();
  checkBad();
  checkNotOta();
  checkName();
  checkDamage();
  checkInformative();
  checkTruncations();
  checkProtection();
  checkUnprotected();
  for (const name of ['ble-full.ota', 'image-full.ota', 'zigbee-stock.ota', 'unsigned.ota']) {
    checkText(name);
  }
} finally {
  fs.rmSync(scratch, { recursive: true });
}
console.log(`${reports} reports, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
