/* kaitai.cjs NPM_DIR PROJECT_DIR OTAIMG FORMAT_TABLES STEP
 * schemas/wbz451_ota.ksy against `otaimg inspect --json`: for every good file both must name the same
 * fields with the same offset, length, bytes and number, and for every STEP-th damaged header or
 * metadata byte they must agree whether the file is still well-formed. And against the field lists of the
 * verifier, for records that no file has yet. schemas/wbz451_provision.ksy against `otaimg keys show`
 * in the same way. */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');
const { createRequire } = require('module');
const { execFileSync } = require('child_process');
const { Files } = require('./inspect_files.cjs');

const [npmDir, projectDir, otaimg, formatTables, step] = process.argv.slice(2);
const fromNpm = createRequire(path.join(npmDir, 'package.json'));
const compiler = fromNpm('kaitai-struct-compiler');
const yaml = fromNpm('js-yaml');
const KaitaiStream = fromNpm('kaitai-struct/KaitaiStream');

const KSY = path.join(projectDir, 'schemas', 'wbz451_ota.ksy');
const PROVISION_KSY = path.join(projectDir, 'schemas', 'wbz451_provision.ksy');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'otaimg-kaitai-'));
const files = new Files(otaimg, projectDir, scratch);
let failures = 0;
let fieldCount = 0;
let attributeNames = {};

function expect(ok, text) {
  if (!ok) {
    failures += 1;
    console.log(text);
  }
}

/* ---- the generated parser --------------------------------------------------------------------- */

async function loadParser(description, name) {
  const source = await compiler.compile('javascript', description, null, true);
  const module = { exports: {} };
  const resolve = (name) => (name === 'kaitai-struct/KaitaiStream' ? KaitaiStream : fromNpm(name));
  new Function('module', 'exports', 'require', source[`${name}.js`])(module, module.exports, resolve);
  return module.exports[name] ?? module.exports;
}

function stream(bytes) {
  return new KaitaiStream(Uint8Array.from(bytes).buffer);
}

function parse(Type, bytes) {
  const object = new Type(stream(bytes));
  object._read();
  return object;
}

function snake(name) {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/* ---- both sides as lines "record.field offset+length=bytes value" ----------------------------- */

function line(record, field, offset, raw, value) {
  const number = typeof value === 'number' ? ` ${value}` : '';
  return `${record}.${field} ${offset}+${raw.length / 2}=${raw}${number}`;
}

/* Fields of one parsed record; what is an object is a record of its own. */
function recordLines(name, object, bytes, base, lines) {
  for (const [key, debug] of Object.entries(object._debug)) {
    if (object[key] === undefined || debug.end === undefined || debug.arr !== undefined
      || key.startsWith('_') || Object.getPrototypeOf(object[key]).constructor.name === 'AttributeArea') {
      continue;
    }
    const start = debug.ioOffset + debug.start;
    const raw = Buffer.from(bytes.subarray(start, debug.ioOffset + debug.end)).toString('hex');
    lines.push(line(name, snake(key), base + start, raw, object[key]));
  }
}

function attributeLines(area, bytes, base, lines) {
  recordLines('attributes', area.attributes, bytes, base, lines);
  for (const record of area.records.record) {
    const name = attributeNames[record.type]
      ?? `attribute_0x${record.type.toString(16).toUpperCase().padStart(4, '0')}`;
    const debug = record._debug.value;
    lines.push(`${name} type ${record.type} ${base + debug.ioOffset + debug.start}+${record.length}`);
    recordLines(name, record.value, bytes, base, lines);
  }
}

/* bytes: those that image was parsed from; base: where they start in the file. */
function imageLines(image, bytes, base, lines) {
  recordLines('metadata', image.metadata, bytes, base, lines);
  if (image.metadata.area !== undefined) {
    attributeLines(image.metadata.area, bytes, base, lines);
  }
  const debug = image._debug.firmware;
  const firmware = image.encodedLength > 0 ? zlib.inflateRawSync(image.firmware) : image.firmware;
  const digest = crypto.createHash('sha256').update(firmware).digest('hex');
  lines.push(`firmware ${base + debug.ioOffset + debug.start}+${firmware.length} ${digest}`);
}

function kaitaiLines(parser, file, bytes, options) {
  const lines = [];
  if (file.endsWith('.hex')) {
    const image = plaintext(file, options);
    imageLines(parse(parser.SlotImage, image), image, 0, lines);
    return lines;
  }
  const root = parse(parser, bytes);
  if (root.otau !== undefined) {
    recordLines('otau', root.otau, bytes, 0, lines);
  }
  if (root.zigbee !== undefined) {
    recordLines('zigbee', root.zigbee, bytes, 0, lines);
  }
  if (root.isEncrypted) {
    const image = plaintext(file, options);
    imageLines(parse(parser.SlotImage, image), image, root._debug.ciphertext.start, lines);
  } else {
    imageLines(root.payload, bytes, 0, lines);
  }
  return lines;
}

/* Signatures are not the matter here, hence --allow-insecure. */
function plaintext(file, options) {
  const output = path.join(scratch, 'plaintext');
  const run = files.run('extract', '--image', file, '-o', output, '--allow-insecure', ...options);
  if (run.status !== 0) {
    throw new Error(`${file}: ${run.stderr}`);
  }
  return fs.readFileSync(output);
}

function inspectLines(report) {
  const lines = [];
  for (const record of report.records) {
    if (record.attribute_type !== undefined) {
      lines.push(`${record.name} type ${record.attribute_type} ${record.offset}+${record.length}`);
    }
    for (const field of record.fields) {
      /* Versions and dates are numbers in the file and text in the report. */
      const value = typeof field.value === 'string' && field.raw.length <= 8
        ? undefined : field.value;
      lines.push(line(record.name, field.name, field.offset, field.raw, value));
    }
  }
  const { offset, length, sha256 } = report.firmware;
  lines.push(`firmware ${offset}+${length} ${sha256}`);
  return lines;
}

/* ---- good files ------------------------------------------------------------------------------- */

/* Where inspect has text, the number that Kaitai has besides the bytes says nothing more. */
function same(inspected, parsed) {
  return inspected === parsed || inspected === parsed.replace(/(=[0-9a-f]+) \d+$/, '$1');
}

function compareFile(parser, file) {
  const bytes = fs.readFileSync(file);
  const options = files.decryptOptions(file);
  const { report, code, text } = files.inspect(file, options);
  if (code !== 0) {
    throw new Error(`${file}: inspect ended with ${code}: ${text}`);
  }
  const wanted = inspectLines(report).sort();
  const got = kaitaiLines(parser, file, bytes, options).sort();
  fieldCount += wanted.length;
  for (const one of wanted) {
    expect(got.some((other) => same(one, other)), `${file}: only inspect has ${one}`);
  }
  for (const one of got) {
    expect(wanted.some((other) => same(other, one)), `${file}: only Kaitai has ${one}`);
  }
}

/* ---- damaged files ---------------------------------------------------------------------------- */

function wellFormed(parser, bytes) {
  try {
    void parse(parser, bytes).payload?.metadata.area; /* read when asked for */
    return true;
  } catch (error) {
    return false;
  }
}

/* The checksum is beyond Kaitai: it is made to fit. */
function fixChecksum(bytes) {
  let sum = 0;
  bytes.writeUInt16LE(0, 2);
  for (const byte of bytes) {
    sum += byte;
  }
  bytes.writeUInt16LE((0x10000 - (sum & 0xffff)) & 0xffff, 2);
}

function compareDamaged(parser, file, end) {
  const original = fs.readFileSync(file);
  const hasOtau = original[0] === 1;
  let refused = 0;
  for (let i = 0; i < end; i += Number(step)) {
    for (const mask of [0x01, 0x80]) {
      const bytes = Buffer.from(original);
      bytes[i] ^= mask;
      if (hasOtau) {
        fixChecksum(bytes);
      }
      const damaged = files.keep('damaged.ota', bytes);
      const kaitai = wellFormed(parser, bytes);
      const { code, text } = files.inspect(damaged);
      refused += kaitai ? 0 : 1;
      expect((code === 0) === kaitai, `${path.basename(file)}, byte ${i} ^ ${mask}: `
        + `Kaitai ${kaitai ? 'takes' : 'refuses'} it, inspect ends with ${code}: ${text}`);
    }
  }
  expect(refused > 0, `${file}: no damage was refused`);
}

/* ---- field lists ------------------------------------------------------------------------------ */

/* Types that group others, and byte strings that have no list. */
const WITHOUT_LIST = ['attribute_area', 'record', 'records', 'slot_image', 'source_revision', 'transfer',
  'user', 'zeros'];

function sizeOf(entry) {
  return entry.contents !== undefined ? entry.contents.length
    : typeof entry.size === 'number' ? entry.size : Number(entry.type.slice(1));
}

/* What `format_tables` prints, as "type.field bytes", those of the provisioning record apart, and
 * attribute types as "0x0001 product". */
function listedFields() {
  const result = { fields: [], attributes: [], provisioning: [] };
  let record;
  for (const text of execFileSync(formatTables, { encoding: 'utf8' }).split('\n')) {
    const heading = /^### ([a-z ]+):/.exec(text);
    const row = /^\| (?:0x([0-9A-F]{4}) ([a-z_]+) \| )?(?:0x[0-9A-F]+|next) \| ([0-9, ]+) \| (\w+) \|/
      .exec(text);
    if (heading !== null) {
      [, record] = heading;
    } else if (row !== null) {
      const [, type, attribute, bytes, field] = row;
      if (attribute !== undefined) {
        result.attributes.push(`${parseInt(type, 16)} ${attribute}`);
      }
      if (!WITHOUT_LIST.includes(attribute)) {
        (attribute === undefined && record.startsWith('provisioning') ? result.provisioning
          : result.fields).push(`${attribute ?? record}.${field} ${bytes}`);
      }
    }
  }
  return result;
}

/* The types of attribute values that Kaitai knows, by attribute type. */
function namesOf(description) {
  const value = description.types.record.seq.find((entry) => entry.id === 'value');
  return Object.fromEntries(Object.entries(value.type.cases).filter(([type]) => type !== '_')
    .map(([type, name]) => [Number(type), name]));
}

/* Both have the same lines. */
function expectSame(listed, described) {
  for (const [a, b, who] of [[listed, described, 'the C lists have'],
    [described, listed, 'Kaitai has']]) {
    for (const one of a) {
      expect(b.includes(one), `only ${who} ${one}`);
    }
  }
}

function compareLists(description) {
  const listed = listedFields();
  const described = Object.entries(description.types)
    .filter(([name]) => !WITHOUT_LIST.includes(name))
    .flatMap(([name, type]) => type.seq.map((entry) => `${name}.${entry.id} ${sizeOf(entry)}`));
  const attributes = Object.entries(attributeNames).map(([type, name]) => `${type} ${name}`);

  expect(listed.fields.length > 60, `only ${listed.fields.length} fields are listed`);
  expectSame(listed.fields, described);
  expectSame(listed.attributes, attributes);
}

/* ---- provisioning records --------------------------------------------------------------------- */

function makeRecord() {
  const device = files.keep('provision.yaml', `otaimg-device: 1
device: wbz451
class: development
keys:
  - {public: ${projectDir}/keys/test/dev-a.pub.pem, class: development, roles: [application]}
  - {public: ${projectDir}/keys/test/dev-b.pub.pem, class: development, roles: [bootloader, secondary]}
product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
hardware: {class: 0x01020304, revision: 515}
manufacturer: ACM
decrypt: {key: "file:aes.hex", iv: "101112131415161718191a1b1c1d1e1f"}
`);
  const record = path.join(scratch, 'device.prov');
  files.keep('aes.hex', '0f1e2d3c4b5a69788796a5b4c3d2e1f0');
  execFileSync(otaimg, ['keys', 'export', '--format', 'provision', '--device', device,
    '--with-decrypt-key', '-q', '-o', record]);
  return record;
}

/* The record as `keys show --json` puts it, from what Kaitai reads. */
function shown(record) {
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const word = (words, value) => snake(words[value]);
  const Record = record.constructor;
  return {
    policy: word(Record.Policies, record.policy),
    class: word(Record.Classes, record.deviceClass),
    product: hex(record.product).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    hardware: { class: record.hardwareClass, revision: record.hardwareRevision },
    manufacturer: Buffer.from(record.manufacturer).toString('latin1').replace(/\0*$/, ''),
    decrypt_key: record.hasDecryptKey === 1 ? 'present' : 'absent',
    keys: record.keys.items.map((key) => ({
      class: word(Record.Classes, key.class),
      roles: ['application', 'bootloader', 'secondary'].filter((_, bit) => key.roles >> bit & 1),
      x: hex(key.xy.slice(0, 32)),
      y: hex(key.xy.slice(32)),
    })),
  };
}

/* Every bit of every byte that Kaitai can judge, with the digest that fits. */
function compareSealed(parser, record) {
  const original = fs.readFileSync(record);
  const judged = [0, 1, 2, 3, 4, 5, 6, 8, 0x24, 0x2f, 0x70, 0x71, 0x72, 0x73, 0xb4, 0xb5];
  const changes = [...judged.flatMap((i) => [1, 2, 4, 8, 16, 32, 64, 128].map((mask) => [i, mask])),
    [5, 0x35 ^ 0xca], [6, 0x5c ^ 0xa3], [0x70, 0x5c ^ 0xa3]];
  for (const [i, mask] of changes) {
    const bytes = Buffer.from(original);
    bytes[i] ^= mask;
    crypto.createHash('sha256').update(bytes.subarray(0, 0x160)).digest().copy(bytes, 0x160);
    const kaitai = wellFormed(parser, bytes);
    const { status } = files.run('keys', 'show', '-q', files.keep('sealed.prov', bytes));
    expect((status === 0) === kaitai,
      `record, byte ${i} ^ ${mask}: Kaitai ${kaitai}, keys show ends with ${status}`);
  }
}

async function compareProvision() {
  const description = yaml.load(fs.readFileSync(PROVISION_KSY, 'utf8'));
  const parser = await loadParser(description, 'Wbz451Provision');
  const record = makeRecord();
  const bytes = fs.readFileSync(record);
  const parsed = parse(parser, bytes);
  const json = JSON.parse(execFileSync(otaimg, ['keys', 'show', '-q', '--json', record]));
  const listOf = (name, seq) => seq.map((entry) => `${name}.${entry.id} ${sizeOf(entry)}`);

  expectSame(listedFields().provisioning, [...listOf('provisioning record', description.seq),
    ...listOf('provisioning key', description.types.key.seq)]);
  json.keys = json.keys.map(({ class: name, roles, x, y }) => ({ class: name, roles, x, y }));
  expect(JSON.stringify(json) === JSON.stringify(shown(parsed)),
    `keys show ${JSON.stringify(json)}, Kaitai ${JSON.stringify(shown(parsed))}`);
  expect(Buffer.from(parsed.sha256).equals(crypto.createHash('sha256')
    .update(bytes.subarray(0, 0x160)).digest()), 'another digest');
  expect(Buffer.from(parsed.decryptKey).toString('hex') === '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
    && Buffer.from(parsed.decryptIv).toString('hex') === '101112131415161718191a1b1c1d1e1f',
  'another decryption key or IV');
  compareSealed(parser, record);
}

(async () => {
  try {
    const description = yaml.load(fs.readFileSync(KSY, 'utf8'));
    const parser = await loadParser(description, 'Wbz451Ota');
    attributeNames = namesOf(description);
    compareLists(description);
    await compareProvision();
    const good = files.good();
    for (const file of good) {
      compareFile(parser, file);
    }
    compareDamaged(parser, path.join(scratch, 'image-full.ota'), 0x200);
    compareDamaged(parser, path.join(scratch, 'ble-full.ota'), 0x80);
    console.log(`${good.length} files, ${fieldCount} fields, ${failures} differences`);
    process.exitCode = failures === 0 ? 0 : 1;
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
})().catch((error) => {
  console.log(error.stack);
  process.exitCode = 1;
});
