// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkout } from '../harness/installation.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { Transit } from '../testbed/transit/transit.ts';
import { ended, type Ended } from '../verify/verify-bed.ts';
import { ownPlatform, userEnvironment } from './own-environment.ts';

const digest = 'a'.repeat(64);
const run = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'bake-1', namespace: 'team-a', uid: '1' },
  spec: {},
  status: {
    startTime: '2026-01-01T00:00:00Z',
    completionTime: '2026-01-01T00:01:00Z',
    conditions: [{ type: 'Succeeded', status: 'True' }],
    results: [
      { name: 'IMAGE_URL', type: 'string', value: 'registry.example.com/team-a/bread' },
      { name: 'IMAGE_DIGEST', type: 'string', value: `sha256:${digest}` },
    ],
  },
};
const policy = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'SigningPolicy',
  metadata: { name: 'builds', namespace: 'team-a' },
  spec: { signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } } },
};

describe('the command as one file', () => {
  let supervisor: Supervisor;
  let output: string;
  let executable: string;
  let folder: string;
  let complaints: string;

  before(async () => {
    supervisor = new Supervisor('command');
    output = supervisor.dataDirectory('output');
    const url = 'https://releases.example/v0.1.0';
    const args = ['packaging/cli.ts', '--platform', ownPlatform, '--output', output, '--url', url];
    const build = await runCommand(process.execPath, args, {
      cwd: checkout,
      env: userEnvironment(),
      timeoutSeconds: 900,
    });
    complaints = build.stderr;
    executable = join(output, ownPlatform.replace('/', '-'), 'hallmark');
    folder = supervisor.dataDirectory('empty');
  });
  after(() => supervisor.stop());

  /** Runs it in an empty folder with nothing of the user's: no Node and no package is near. */
  function hallmark(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return ended(runCommand(executable, args, { cwd: folder, env: { HOME: folder, ...env } }));
  }

  function write(name: string, content: string): string {
    const path = join(supervisor.dataDirectory('files'), name);
    writeFileSync(path, content);
    return path;
  }

  it('is made without a warning', () => {
    assert.equal(complaints, '');
  });

  it('knows its version, says nothing else, and leaves nothing behind', async () => {
    assert.deepEqual(await hallmark(['--version']), { code: 0, out: '0.1.0\n', err: '' });
    assert.deepEqual(readdirSync(folder), []);
  });

  it('completes words', async () => {
    const { code, out } = await hallmark(['completion', 'bash']);
    assert.equal(code, 0);
    assert.match(out, /release-runs/);
  });

  it('checks manifests', async () => {
    const good = await hallmark(['lint', write('policy.json', JSON.stringify(policy))]);
    assert.equal(good.code, 0, good.err);
    const bad = write('bad.json', JSON.stringify({ ...policy, spec: { signr: {} } }));
    assert.equal((await hallmark(['lint', bad])).code, 1);
  });

  it('signs a run, verifies what it signed, and refuses another key', async () => {
    const [key, other] = [newSigningKey(), newSigningKey()];
    const files = [
      '--filename',
      write('run.json', JSON.stringify(run)),
      '--policy',
      write('p.json', JSON.stringify(policy)),
    ];
    const signed = await hallmark(['sign', ...files, '--key', write('key.pem', key.privateKey)]);
    assert.equal(signed.code, 0, signed.err);
    const list: unknown = JSON.parse(signed.out);
    assert.ok(Array.isArray(list));
    const bundle: unknown = Reflect.get(Object(list[0]), 'bundle');
    const evidence = ['verify', 'file', write('bundle.json', JSON.stringify(bundle)), '--digest', `sha256:${digest}`];
    const verified = await hallmark([...evidence, '--key', write('key.pub', key.publicKey)]);
    assert.equal(verified.code, 0, verified.out + verified.err);
    assert.equal((await hallmark([...evidence, '--key', write('other.pub', other.publicKey)])).code, 1);
    await withVault(evidence);
  });

  /** The client of a key service is loaded from the executable too, and fetches a key that did not sign. */
  async function withVault(evidence: readonly string[]): Promise<void> {
    const transit = await Transit.start(supervisor);
    await transit.createKey('builds');
    const env = { VAULT_ADDR: transit.url, VAULT_TOKEN: transit.rootToken };
    const judged = await hallmark([...evidence, '--kms', 'hashivault://builds'], env);
    assert.equal(judged.code, 1, judged.out + judged.err);
  }

  it('loads the clients of the clouds', async () => {
    const evidence = ['verify', 'file', write('any.json', '{}'), '--digest', `sha256:${digest}`];
    const google = 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';
    const aws = `awskms:///arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012`;
    // The clients look for credentials, and find none: a client that did not load would say something else.
    assert.match(
      (await hallmark([...evidence, '--kms', google], { GCE_METADATA_HOST: '127.0.0.1:1' })).err,
      /cannot be reached/,
    );
    assert.match((await hallmark([...evidence, '--kms', aws])).err, /no AWS identity/);
  });

  it('is installed by krew from its archive and manifest', async () => {
    const root = supervisor.dataDirectory('krew');
    mkdirSync(root, { recursive: true });
    const [archive = ''] = readdirSync(output).filter((name) => name.endsWith('.tar.gz'));
    const args = ['install', '--manifest', join(output, 'hallmark.yaml'), '--archive', join(output, archive)];
    await runCommand(await ensureBinary('krew'), args, { env: { ...supervisor.environment(), KREW_ROOT: root } });
    const plugin = join(root, 'bin', 'kubectl-hallmark');
    const { stdout } = await runCommand(plugin, ['--version'], { cwd: folder, env: { HOME: folder } });
    assert.equal(stdout, '0.1.0\n');
  });
});
