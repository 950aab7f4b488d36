/* check.cjs NPM_DIR PROJECT_DIR MANIFEST_CHECK
 * Every example, what `init` writes and every case of cases.cjs: schema and C reader must agree. */
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');
const { spawnSync } = require('child_process');

const [npmDir, projectDir, manifestCheck] = process.argv.slice(2);
const fromNpm = createRequire(path.join(npmDir, 'package.json'));
const Ajv = fromNpm('ajv/dist/2020').default;
const addFormats = fromNpm('ajv-formats').default;
const yaml = fromNpm('js-yaml');
const { lists } = require('./cases.cjs');

/* Numbers, booleans and null as the C reader knows them; everything else is text. */
const strict = yaml.FAILSAFE_SCHEMA.extend({
  implicit: [
    new yaml.Type('tag:yaml.org,2002:null', {
      kind: 'scalar',
      resolve: (text) => text === null || ['', '~', 'null', 'Null', 'NULL'].includes(text),
      construct: () => null,
    }),
    new yaml.Type('tag:yaml.org,2002:bool', {
      kind: 'scalar',
      resolve: (text) => text === 'true' || text === 'false',
      construct: (text) => text === 'true',
    }),
    new yaml.Type('tag:yaml.org,2002:int', {
      kind: 'scalar',
      resolve: (text) => text !== null && /^(0|[1-9][0-9]*|0x[0-9A-Fa-f]{1,16})$/.test(text),
      construct: (text) => Number(text),
    }),
  ],
});

function readSchema(kind) {
  const file = path.join(projectDir, 'schemas', `${kind}.schema.json`);
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
addFormats(ajv);
const validators = {};
for (const kind of ['manifest', 'device']) {
  validators[kind] = ajv.compile(readSchema(kind));
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'otaimg-schemas-'));
let failures = 0;
let checks = 0;

function expect(name, what, got, wanted, detail) {
  checks += 1;
  if (got !== wanted) {
    failures += 1;
    console.log(`${name}: ${what} ${got ? 'takes' : 'refuses'} it. ${detail}`);
  }
}

function schemaTakes(kind, text) {
  let document;
  try {
    document = yaml.load(text, { schema: strict });
  } catch (error) {
    return [false, error.message];
  }
  return [validators[kind](document), ajv.errorsText(validators[kind].errors)];
}

function readerTakes(name, kind, file) {
  const run = spawnSync(manifestCheck, [kind, file], { encoding: 'utf8' });
  if (run.status !== 0 && run.status !== 2) {
    throw new Error(`${name}: reader ended with ${run.status ?? run.signal}: ${run.stderr}`);
  }
  return [run.status === 0, run.stderr];
}

function judge(name, kind, text, { schema, reader }) {
  const file = path.join(folder, 'case.yaml');
  fs.writeFileSync(file, text);
  const [schemaOk, schemaText] = schemaTakes(kind, text);
  const [readerOk, readerText] = readerTakes(name, kind, file);
  expect(name, 'the schema', schemaOk, schema, schemaText);
  expect(name, 'the reader', readerOk, reader, readerText);
}

function textOf(base, original, [name, from, to]) {
  if (to === undefined) {
    return from;
  }
  if (original.split(from).length !== 2) {
    throw new Error(`${base}: ${name}: '${from}' does not occur exactly once`);
  }
  return original.replace(from, () => to);
}

/* Every key of a manifest may differ in a variant, so both lists grow together. */
function checkVariantKeys({ properties, $defs }) {
  const { variants, ...rest } = properties;
  const { name, ...keys } = $defs.variantKeys.properties;
  if (Object.keys(keys).sort().join() !== Object.keys(rest).sort().join()) {
    throw new Error('the schema has other keys for a variant than for a manifest');
  }
}

try {
  checkVariantKeys(readSchema('manifest'));
  const examples = path.join(projectDir, 'examples');
  const both = { schema: true, reader: true };
  for (const file of fs.readdirSync(examples).filter((name) => /\.yaml$/.test(name)).sort()) {
    const kind = file.startsWith('device') ? 'device' : 'manifest';
    judge(file, kind, fs.readFileSync(path.join(examples, file), 'utf8'), both);
  }

  const made = { manifest: path.join(folder, 'm.yaml'), device: path.join(folder, 'd.yaml') };
  const init = spawnSync(manifestCheck, ['init', made.manifest, made.device], { encoding: 'utf8' });
  if (init.status !== 0) {
    throw new Error(`init ended with ${init.status}: ${init.stderr}`);
  }
  for (const kind of Object.keys(made)) {
    judge(`init ${kind}`, kind, fs.readFileSync(made[kind], 'utf8'), both);
  }

  for (const { kind, base, cases, verdict } of lists) {
    const original = fs.readFileSync(path.join(examples, base), 'utf8');
    for (const one of cases) {
      judge(`${base}: ${one[0]}`, kind, textOf(base, original, one), verdict);
    }
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
console.log(`${checks} verdicts, ${failures} wrong`);
process.exit(failures === 0 ? 0 : 1);
