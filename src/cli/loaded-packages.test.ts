// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const main = join(import.meta.dirname, 'main.ts');
/** Makes a process print the packages that it loaded as its last line of standard error. */
const printer = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    load(url, context, nextLoad) {
      const [, name] = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
      if (name !== undefined) packages.add(name);
      return nextLoad(url, context);
    },
  });
  process.on('exit', () => process.stderr.write('\\n' + JSON.stringify([...packages].sort())));
`)}`;
/** Makes a process print the modules of subcommands that it loaded. */
const subcommands = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, nextLoad) {
      if (/\\/src\\/cli\\/[^/]+\\//.test(url)) process.stderr.write(url + '\\n');
      return nextLoad(url, context);
    },
  });
`)}`;
const digest = '3'.repeat(64);
const run = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'bake-1', namespace: 'team-a' },
  status: {
    completionTime: '2026-01-31T12:00:00Z',
    conditions: [{ type: 'Succeeded', status: 'True' }],
    results: [
      { name: 'IMAGE_URL', value: 'registry.example/team/a' },
      { name: 'IMAGE_DIGEST', value: `sha256:${digest}` },
    ],
  },
};
const policy = `apiVersion: hallmark.dev/v1alpha1
kind: SigningPolicy
metadata: {name: builds, namespace: team-a}
spec: {signer: {type: Key, key: {secretRef: {name: k}}}}
`;
/** The packages that read and check a policy. */
const schemas = ['typebox', 'yaml'];
const signatures = ['@sigstore/bundle', '@sigstore/core', '@sigstore/protobuf-specs', 'lru-cache'];

describe('a command that needs neither cluster nor cloud', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-packages-'));
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(folder, 'run.json'), JSON.stringify(run));
    writeFileSync(join(folder, 'run.yaml'), `---\nkind: TaskRun\nmetadata: {name: a}\n`);
    writeFileSync(join(folder, 'policy.yaml'), policy);
    writeFileSync(join(folder, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(join(folder, 'key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function hallmark(args: string): { readonly out: string; readonly packages: readonly unknown[] } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', printer, main, ...args.split(' ')], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const packages: unknown = JSON.parse(stderr.slice(stderr.lastIndexOf('\n') + 1));
    return { out: stdout, packages: Array.isArray(packages) ? packages : [] };
  }

  /** Each loads the packages of its list at most. A package that is loaded without need costs every start. */
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['--version', []],
    ['--help', []],
    ['get --help', []],
    ['completion bash', []],
    ['preview -f run.json', []],
    ['preview -f run.yaml', ['yaml']],
    ['preview -f run.json --policy policy.yaml', schemas],
    ['lint policy.yaml', schemas],
    ['sign -f run.json --policy policy.yaml --key key.pem', [...schemas, ...signatures]],
    ['keygen --format x509', ['yaml', 'tweetnacl', 'typebox']],
  ];
  for (const [args, expected] of commands) {
    it(`loads nothing for them: ${args}`, () => {
      const { packages } = hallmark(args);
      assert.deepEqual(others(packages, expected), []);
    });
  }

  it('loads no subcommand to say its version', () => {
    const loaded = (...args: readonly string[]): string =>
      spawnSync(process.execPath, ['--import', subcommands, main, ...args], { encoding: 'utf8' }).stderr;
    assert.match(loaded('--help'), /src\/cli\/lint\/lint\.ts/);
    for (const flag of ['--version', '-V']) assert.equal(loaded(flag), '');
  });

  it('loads nothing for the help of an inner command, which help names as well', () => {
    const { out, packages } = hallmark('help verify image');
    assert.match(out, /^Usage: hallmark verify image /);
    assert.deepEqual(others(packages, []), []);
  });

  it('loads nothing for them: verify file', () => {
    const { out } = hallmark('sign -f run.json --policy policy.yaml --key key.pem');
    writeFileSync(join(folder, 'bundles.json'), out);
    const { packages } = hallmark(`verify file bundles.json --key key.pub --digest sha256:${digest}`);
    assert.deepEqual(others(packages, [...signatures, '@sigstore/verify', 'typebox']), []);
  });
});

function others(packages: readonly unknown[], expected: readonly string[]): readonly unknown[] {
  return packages.filter((name) => name !== 'commander' && !expected.includes(String(name)));
}
