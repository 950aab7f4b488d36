/* kaitai.cjs NPM_DIR PROJECT_DIR OTAIMG FORMAT_TABLES
 * schemas/wbz451_ota.ksy against `otaimg inspect --json`: for every good file both must name the same
 * fields with the same offset, length, bytes and number, and for every damaged header or metadata
 * byte they must agree whether the file is still well-formed. And against the field lists of the
 * verifier, for records that no file has yet. */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');
const { execFileSync } = require('child_process');
const { Files } = require('./inspect_files.cjs');

const [npmDir, projectDir, otaimg, formatTables] = process.argv.slice(2);
const fromNpm = createRequire(path.join(npmDir, 'package.json'));
const compiler = fromNpm('kaitai-struct-compiler');
const yaml = fromNpm('js-yaml');
const KaitaiStream = fromNpm('kaitai-struct/KaitaiStream');

const KSY = path.join(projectDir, 'schemas', 'wbz451_ota.ksy');
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

async function loadParser(description) {
  const source = await compiler.compile('javascript', description, null, true);
  const module = { exports: {} };
  const resolve = (name) => (name === 'kaitai-struct/KaitaiStream' ? KaitaiStream : fromNpm(name));
  new Function('module', 'exports', 'require', source['Wbz451Ota.js'])(module, module.exports,
    resolve);
  return module.exports.Wbz451Ota ?? module.exports;
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
  const digest = crypto.createHash('sha256').update(image.firmware).digest('hex');
  lines.push(`firmware ${base + debug.ioOffset + debug.start}+${image.firmware.length} ${digest}`);
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

function compareDamaged(parser, file, end, step) {
  const original = fs.readFileSync(file);
  const hasOtau = original[0] === 1;
  let refused = 0;
  for (let i = 0; i < end; i += step) {
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
const WITHOUT_LIST = ['attribute_area', 'record', 'records', 'slot_image', 'source_revision', 'user'];

function sizeOf(entry) {
  return entry.contents !== undefined ? entry.contents.length
    : typeof entry.size === 'number' ? entry.size : Number(entry.type.slice(1));
}

/* What `format_tables` prints of an OTA file, as "type.field bytes", and attribute types as
 * "0x0001 product". */
function listedFields() {
  const result = { fields: [], attributes: [] };
  let record;
  for (const text of execFileSync(formatTables, { encoding: 'utf8' }).split('\n')) {
    const heading = /^### ([a-z ]+):/.exec(text);
    const row = /^\| (?:0x([0-9A-F]{4}) ([a-z_]+) \| )?(?:0x[0-9A-F]+|next) \| ([0-9, ]+) \| (\w+) \|/
      .exec(text);
    if (heading !== null) {
      [, record] = heading;
    } else if (row !== null && (row[2] !== undefined || !record.startsWith('provisioning'))) {
      const [, type, attribute, bytes, field] = row;
      if (attribute !== undefined) {
        result.attributes.push(`${parseInt(type, 16)} ${attribute}`);
      }
      if (!WITHOUT_LIST.includes(attribute)) {
        result.fields.push(`${attribute ?? record}.${field} ${bytes}`);
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

function compareLists(description) {
  const listed = listedFields();
  const described = Object.entries(description.types)
    .filter(([name]) => !WITHOUT_LIST.includes(name))
    .flatMap(([name, type]) => type.seq.map((entry) => `${name}.${entry.id} ${sizeOf(entry)}`));
  const attributes = Object.entries(attributeNames).map(([type, name]) => `${type} ${name}`);

  expect(listed.fields.length > 60, `only ${listed.fields.length} fields are listed`);
  for (const [a, b, who] of [[listed.fields, described, 'the field lists have'],
    [described, listed.fields, 'Kaitai has'], [listed.attributes, attributes, 'the C lists have'],
    [attributes, listed.attributes, 'Kaitai has']]) {
    for (const one of a) {
      expect(b.includes(one), `only ${who} ${one}`);
    }
  }
}

(async () => {
  try {
    const description = yaml.load(fs.readFileSync(KSY, 'utf8'));
    const parser = await loadParser(description);
    attributeNames = namesOf(description);
    compareLists(description);
    const good = files.good();
    for (const file of good) {
      compareFile(parser, file);
    }
    compareDamaged(parser, path.join(scratch, 'image-full.ota'), 0x200, 1);
    compareDamaged(parser, path.join(scratch, 'ble-full.ota'), 0x80, 1);
    console.log(`${good.length} files, ${fieldCount} fields, ${failures} differences`);
    process.exitCode = failures === 0 ? 0 : 1;
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
})().catch((error) => {
  console.log(error.stack);
  process.exitCode = 1;
});
