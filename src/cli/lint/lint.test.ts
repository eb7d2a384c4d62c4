// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { CommanderError } from 'commander';
import { lintCommand, lintLines } from './lint.ts';

const backend = `apiVersion: hallmark.dev/v1alpha1
kind: StorageBackend
metadata: {name: registry, namespace: team-a}
spec: {type: Tekton}
`;
const policy = `apiVersion: hallmark.dev/v1alpha1
kind: SigningPolicy
metadata: {name: builds, namespace: team-a}
spec:
  signer: {type: Key, key: {secretRef: {name: signing-secrets}}}
  backendRefs: [{kind: StorageBackend, name: registry}]
`;
const broken = `apiVersion: hallmark.dev/v1alpha1
kind: SigningPolicy
metadata: {name: broken, namespace: team-a}
spec: {signer: {type: Key}, record: {seconds: 60}}
`;
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

describe('hallmark lint', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-lint-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  afterEach(() => {
    process.exitCode = 0;
  });

  function file(name: string, text: string): string {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  async function lint(...args: readonly string[]): Promise<{ out: string; err: string; code: number }> {
    let out = '';
    let err = '';
    const command = lintCommand().configureOutput({
      writeOut: (text) => (out += text),
      writeErr: (text) => (err += text),
    });
    try {
      await command.parseAsync(args, { from: 'user' });
      return { out, err, code: Number(process.exitCode ?? 0) };
    } catch (error) {
      assert.ok(error instanceof CommanderError);
      return { out, err, code: error.exitCode };
    }
  }

  it('prints only a summary without findings', async () => {
    const path = file('good.yaml', [configMap, backend, policy].join('---\n'));
    const summary = '2 hallmark.dev documents checked, 1 of other groups ignored, 0 problems, 0 warnings\n';
    assert.deepEqual(await lint(path), { out: '', err: summary, code: 0 });
  });

  it('names file, line, object, path and requirement, one line for each problem', async () => {
    const path = file('broken.yaml', `${configMap}---\n${broken}`);
    const { out, code } = await lint(path);
    assert.equal(code, 1);
    assert.deepEqual(out.trim().split('\n'), [
      `${path}:8 SigningPolicy team-a/broken: spec.signer: key must be set when type is Key, and only then`,
      `${path}:8 SigningPolicy team-a/broken: spec.record: seconds must be set when retention is Seconds, and only then`,
    ]);
  });

  it('prints JSON for machines', async () => {
    const path = file('broken.yaml', broken);
    const { out, err, code } = await lint('-o', 'json', path);
    assert.deepEqual([err, code], ['', 1]);
    const report: unknown = JSON.parse(out);
    const place = { file: path, document: 1, line: 4, kind: 'SigningPolicy', namespace: 'team-a', name: 'broken' };
    assert.deepEqual(report, {
      checked: 1,
      ignored: 0,
      problems: [
        { ...place, path: 'spec.signer', message: 'key must be set when type is Key, and only then' },
        { ...place, path: 'spec.record', message: 'seconds must be set when retention is Seconds, and only then' },
      ],
      warnings: [],
    });
  });

  it('points at the line of a field, also in JSON and in a List', async () => {
    const value = {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { name: 'a' },
      spec: { type: 'X' },
    };
    const path = file(
      'lines.json',
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [value, value] }, undefined, 1),
    );
    const lines = (await lint(path)).out.match(/:\d+ /g);
    assert.deepEqual(lines, [':12 ', ':22 ']);
  });

  it('only warns of a backend that is not among the files', async () => {
    const path = file('alone.yaml', policy);
    assert.deepEqual(await lint(path), {
      out: `${path}:6 SigningPolicy team-a/builds: warning: spec.backendRefs[0]: no StorageBackend registry among the given files\n`,
      err: '1 hallmark.dev document checked, 0 of other groups ignored, 0 problems, 1 warning\n',
      code: 0,
    });
    const elsewhere = file('elsewhere.yaml', backend.replace('team-a', 'team-b'));
    assert.match((await lint(path, elsewhere)).out, /warning/);
    assert.equal((await lint(path, file('same-namespace.yaml', backend))).out, '');
  });

  const ceiling = `apiVersion: hallmark.dev/v1alpha1
kind: PolicyCeiling
metadata: {name: teams}
spec:
  namespaceSelector: {matchLabels: {tenant: 'yes'}}
  subjects: {allowedRepositories: ['registry/{namespace}/*']}
  signers: {types: [KMS]}
  backends: {types: [OCI]}
`;

  it('checks policies and backends against ceilings, with the defaults that these give', async () => {
    const path = file('under.yaml', [policy, backend].join('---\n'));
    const { out, code } = await lint('--ceiling', file('ceiling.yaml', `${configMap}---\n${ceiling}`), path);
    assert.equal(code, 1);
    assert.deepEqual(out.trim().split('\n'), [
      `${path}:4 SigningPolicy team-a/builds: spec: PolicyCeiling teams: spec.signer.type is Key, and allowed are KMS`,
      `${path}:11 StorageBackend team-a/registry: spec: PolicyCeiling teams: spec.type is Tekton, and allowed are OCI`,
    ]);
    const mild = file('mild.yaml', ceiling.replace('[KMS]', '[Key]').replace('[OCI]', '[Tekton]'));
    assert.deepEqual((await lint('--ceiling', mild, path)).out, '');
    const outside = file(
      'outside.yaml',
      policy.replace('spec:', 'spec:\n  subjects: {allowedRepositories: [registry/team-b/*]}'),
    );
    assert.match(
      (await lint('--ceiling', mild, outside)).out,
      /is registry\/team-b\/\*, and allowed are registry\/team-a\/\*/,
    );
  });

  it('obeys all of several ceilings, and refuses files without one that can be read', async () => {
    const path = file('alone-again.yaml', backend);
    const other = file('other.yaml', ceiling.replace('name: teams', 'name: a-second').replace('[OCI]', '[S3]'));
    const { out } = await lint('--ceiling', file('ceiling.yaml', ceiling), '--ceiling', other, path);
    assert.match(out, /PolicyCeiling a-second: .*S3; PolicyCeiling teams: .*OCI/);
    const unreadable = file('bad.yaml', ceiling.replace('[KMS]', '[PGP]'));
    for (const [given, why] of [
      [path, /names no file with a PolicyCeiling/],
      [unreadable, /PolicyCeiling teams: spec\.signers\.types\[0\]: must be Key or KMS or Keyless/],
      [join(folder, 'nowhere.yaml'), /does not exist/],
    ] as const) {
      const { err, code } = await lint('--ceiling', given, path);
      assert.deepEqual([code, why.test(err)], [2, true], err);
    }
  });

  it('refuses to have checked nothing', async () => {
    file('none/readme.md', broken);
    for (const path of [join(folder, 'none'), file('empty.yaml', '')]) {
      const { err, code } = await lint(path);
      assert.deepEqual([code, err], [2, `error: nothing to check: ${path} holds no document\n`]);
    }
  });

  it('walks folders, leaving hidden ones and other files out', async () => {
    file('walk/b/deep.yml', broken);
    file('walk/a.json', JSON.stringify({ apiVersion: 'hallmark.dev/v1alpha1', kind: 'Typo', metadata: { name: 'a' } }));
    file('walk/.git/hidden.yaml', broken);
    file('walk/readme.md', broken);
    const { out } = await lint(join(folder, 'walk'));
    const files = [
      ...new Set(
        out
          .trim()
          .split('\n')
          .map((line) => line.split(':')[0]),
      ),
    ];
    assert.deepEqual(files, [join(folder, 'walk/a.json'), join(folder, 'walk/b/deep.yml')]);
  });

  it('takes lists apart', async () => {
    const items = [
      JSON.parse(
        JSON.stringify({
          apiVersion: 'hallmark.dev/v1alpha1',
          kind: 'StorageBackend',
          metadata: { name: 'a' },
          spec: {},
        }),
      ),
    ];
    const path = file('list.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    assert.equal((await lint(path)).out, `${path}:1 StorageBackend a: spec.type: must be set\n`);
  });

  it('reads YAML as kubectl does', async () => {
    const path = file(
      'yaml11.yaml',
      policy
        .replace('spec:\n', 'spec:\n  suspend: yes\n  runs: {finishedAfter: 2026-01-31T12:00:00Z}\n')
        .replace('registry}', 'on}'),
    );
    assert.equal(
      (await lint(path)).out,
      `${path}:8 SigningPolicy team-a/builds: spec.backendRefs[0].name: must be of type string\n`,
    );
  });

  it('reports where a file is not YAML, and continues with the rest', async () => {
    const path = file('syntax.yaml', `${broken}---\na: b: c\n---\n{a: 1, a: 2}\n`);
    const { out, code } = await lint(path);
    assert.equal(code, 1);
    assert.match(out, /syntax\.yaml:6: cannot be read: .*at line/);
    assert.match(out, /syntax\.yaml:8: cannot be read: Map keys must be unique/);
    assert.match(out, /syntax\.yaml:4 SigningPolicy/);
  });

  it('does not expand a tower of aliases', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) =>
        `a${String(n + 1)}: &a${String(n + 1)} [${Array(9)
          .fill(`*a${String(n)}`)
          .join(', ')}]`,
    );
    const path = file('bomb.yaml', ['a0: &a0 [x, x]', ...levels].join('\n'));
    assert.match((await lint(path)).out, /cannot be read/);
  });

  it('gives a namespace no key of one whose name begins with its own, by the sample of a ceiling', async () => {
    const sample = join(import.meta.dirname, '..', '..', '..', 'samples', 'platform', '30-policy-ceiling.yaml');
    const kms = (key: string): string => {
      const signer = `signer: {type: KMS, kms: {uri: 'awskms:///alias/${key}', secretRef: {name: aws}}}`;
      const metadata = 'metadata: {namespace: team-a, name: builds}';
      return `apiVersion: hallmark.dev/v1alpha1\nkind: SigningPolicy\n${metadata}\nspec: {${signer}}\n`;
    };
    assert.equal((await lint('--ceiling', sample, file('own-key.yaml', kms('team-a/builds')))).out, '');
    const { out } = await lint('--ceiling', sample, file('other-key.yaml', kms('team-a-b-builds')));
    assert.match(out, /spec\.signer\.kms\.uri is awskms:\/\/\/alias\/team-a-b-builds, and allowed are/);
  });

  it('finds nothing to fix in the samples', async () => {
    const { out, code } = await lint(join(import.meta.dirname, '..', '..', '..', 'samples'));
    assert.deepEqual([out, code], ['', 0]);
  });

  it('exits with 2 if the command line is wrong', async () => {
    for (const args of [[], [join(folder, 'nowhere.yaml')], ['--no-such-option', folder], ['-o', 'xml', folder]]) {
      const { err, code } = await lint(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, /^error: /);
      assert.doesNotMatch(err, /ENOENT/);
    }
  });

  it('exits with 2 for a file of one line of a GiB', async () => {
    const path = file('large.yaml', 'kind: ');
    // A file with a hole takes no room on the disk.
    truncateSync(path, 1024 * 1024 * 1024);
    assert.deepEqual(await lint(path), { out: '', err: `error: ${path} is larger than 32 MiB\n`, code: 2 });
  });

  it('shows a finding without the control sequences of the file', () => {
    const finding = { file: 'f.yaml', document: 1, line: 1, path: 'spec\u001b[2J', message: 'unknown\u202e' };
    const named = { ...finding, kind: 'SigningPolicy', namespace: 'a', name: '\u001b[31mred' };
    const [line = ''] = lintLines({ checked: 1, ignored: 0, problems: [named], warnings: [] });
    assert.match(line, /^f\.yaml:1 SigningPolicy a\/\\u001b\[31mred: spec\\u001b\[2J: unknown/);
    assert.doesNotMatch(line, /[\u001b\u202e]/);
  });
});
