/* log.cjs NPM_DIR PROJECT_DIR OTAIMG
 * Lines of the audit log are valid under schemas/log.schema.json, have its members in its order, and
 * hash as it says. */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { createRequire } = require('module');
const { spawnSync } = require('child_process');

const [npmDir, projectDir, otaimg] = process.argv.slice(2);
const Ajv = createRequire(path.join(npmDir, 'package.json'))('ajv/dist/2020').default;
const schema = JSON.parse(
  fs.readFileSync(path.join(projectDir, 'schemas', 'log.schema.json'), 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
const validate = ajv.compile(schema);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'otaimg-log-'));
const keys = path.join(projectDir, 'tests', 'golden', 'keys');
let failures = 0;

function same(name, got, wanted) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) {
    failures += 1;
    console.log(`${name}: ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
  }
}

function run(...args) {
  const { status, stderr } = spawnSync(otaimg, args, { cwd: scratch, encoding: 'utf8' });
  same(`otaimg ${args.join(' ')}: ${stderr}`, status, 0);
}

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

function checkLine(line, i, lines) {
  const entry = JSON.parse(line);
  same(`line ${i + 1}: valid`, validate(entry) ? '' : ajv.errorsText(validate.errors), '');
  same(`line ${i + 1}: members`, Object.keys(entry), schema.required);
  same(`line ${i + 1}: number`, entry.number, i + 1);
  same(`line ${i + 1}: previous`, entry.previous, i > 0 ? sha256(lines[i - 1]) : '0'.repeat(64));
  same(`line ${i + 1}: hash`, entry.hash, sha256(line.slice(0, line.lastIndexOf(',"hash":'))));
}

try {
  fs.writeFileSync(path.join(scratch, 'app.bin'), Buffer.alloc(800, 0x20));
  fs.copyFileSync(path.join(keys, 'release.pem'), path.join(scratch, 'release.pem'));
  fs.chmodSync(path.join(scratch, 'release.pem'), 0o600);
  const head = `otaimg: 1
device: wbz451
firmware: {file: app.bin, version: 1.4.2.0, sequence: 7}
sign: {key: "file:release.pem"}
log: log.jsonl
output: app.ota
`;
  fs.writeFileSync(path.join(scratch, 'stock.yaml'), head);
  fs.writeFileSync(path.join(scratch, 'full.yaml'), `${head}attributes:
  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f
  hardware: {class: 0x00000102, min-revision: 1, max-revision: 4}
  security-counter: 3
`);
  run('build', '-q', 'stock.yaml');
  run('build', '-q', 'full.yaml');
  run('resign', '-q', 'app.ota', '--verify-key', path.join(keys, 'release.pub.pem'), '--sign-key',
    'file:release.pem', '--log', 'log.jsonl');
  run('prepare', 'full.yaml', '--verify-key', path.join(keys, 'release.pub.pem'), '-o', 'r.json');
  run('answer', '-q', 'r.json', '-k', 'file:release.pem', '-o', 'r2.json', '--log', 'log.jsonl');
  run('attach', '-q', 'r.json', 'r2.json');
  const lines = fs.readFileSync(path.join(scratch, 'log.jsonl'), 'utf8').split('\n');
  same('line end', lines.pop(), '');
  same('lines', lines.length, 5);
  lines.forEach(checkLine);
} finally {
  fs.rmSync(scratch, { recursive: true });
}
console.log(`${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
