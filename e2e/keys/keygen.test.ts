// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import { CommandFailed, Cosign, runCommand, Supervisor } from '../testbed/index.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { commandProgram } from '../harness/command-program.ts';

const PASSWORD = 'planted-password-1138';
const Signed = Compile(Type.Array(Type.Object({ type: Type.String(), bundle: Type.Unknown() })));
const unlogged = ['--use-signing-config=false', '--tlog-upload=false'];
const ignoringLog = '--insecure-ignore-tlog=true';

describe('keys for cosign and for Hallmark', () => {
  let supervisor: Supervisor;
  let cosign: Cosign;
  let folder: string;
  before(async () => {
    supervisor = new Supervisor('keygen');
    cosign = await Cosign.prepare(supervisor);
    folder = supervisor.dataDirectory('keys');
  });
  after(() => supervisor.stop());

  const path = (name: string): string => join(folder, name);

  async function hallmark(...args: readonly string[]): Promise<string> {
    const { stdout } = await runCommand(process.execPath, [commandProgram, ...args], {
      env: { ...compileCache(), COSIGN_PASSWORD: PASSWORD },
    });
    return stdout;
  }

  for (const algorithm of ['p256', 'rsa']) {
    it(`lets cosign sign with a ${algorithm} key of hallmark keygen, and verify with its public half`, async () => {
      const [key, pub] = [path(`${algorithm}.key`), path(`${algorithm}.pub`)];
      await hallmark('keygen', '--algorithm', algorithm, '--private-key', key, '--public-key', pub);
      const [blob, bundle] = [path(`${algorithm}.txt`), path(`${algorithm}.json`)];
      writeFileSync(blob, 'bread');
      const env = { COSIGN_PASSWORD: PASSWORD };
      await cosign.run(['sign-blob', '--key', key, '--bundle', bundle, ...unlogged, blob], { env });
      await cosign.run(['verify-blob', '--key', pub, '--bundle', bundle, ignoringLog, blob]);
      const derived = await cosign.run(['public-key', '--key', key], { env });
      assert.equal(derived.stdout.trim(), readFileSync(pub, 'utf8').trim());
      const wrong = cosign.run(['public-key', '--key', key], { env: { COSIGN_PASSWORD: 'other' } });
      await assert.rejects(wrong, (error) => error instanceof CommandFailed && !error.stderr.includes(PASSWORD));
    });
  }

  it('makes encrypted keys of every algorithm that cosign reads', async () => {
    for (const algorithm of ['p256', 'p384', 'p521', 'rsa', 'ed25519']) {
      const [key, pub] = [path(`read-${algorithm}.key`), path(`read-${algorithm}.pub`)];
      const files = ['--private-key', key, '--public-key', pub];
      await hallmark('keygen', '--algorithm', algorithm, '--format', 'cosign', ...files);
      const { stdout } = await cosign.run(['public-key', '--key', key], { env: { COSIGN_PASSWORD: PASSWORD } });
      assert.equal(stdout.trim(), readFileSync(pub, 'utf8').trim(), algorithm);
    }
  });

  it('makes PKCS#8 keys that cosign imports, and reads what it makes of them', async () => {
    for (const algorithm of ['p256', 'p384', 'p521', 'rsa', 'ed25519']) {
      const [key, pub] = [path(`plain-${algorithm}.pem`), path(`plain-${algorithm}.pub`)];
      const files = ['--private-key', key, '--public-key', pub];
      await hallmark('keygen', '--algorithm', algorithm, '--format', 'x509', ...files);
      const imported = path(`imported-${algorithm}`);
      const args = ['import-key-pair', '--key', key, '--output-key-prefix', imported, '--yes'];
      await cosign.run(args, { env: { COSIGN_PASSWORD: PASSWORD } });
      const data = { 'cosign.key': readFileSync(`${imported}.key`), 'cosign.password': Buffer.from(PASSWORD) };
      const { publicKey } = await loadKeySigner(data, algorithm);
      assert.equal(publicKey, readFileSync(pub, 'utf8'), algorithm);
    }
  });

  it('reads the keys of cosign generate-key-pair', async () => {
    const { privateKey, publicKey } = await cosign.generateKeyPair('theirs');
    const data = { 'cosign.key': readFileSync(privateKey), 'cosign.password': Buffer.alloc(0) };
    const signer = await loadKeySigner(data, 'theirs');
    assert.equal(signer.publicKey.trim(), readFileSync(publicKey, 'utf8').trim());
  });

  it('signs runs offline so that cosign verifies the bundles', async () => {
    await hallmark('keygen', '--private-key', path('sign.key'), '--public-key', path('sign.pub'));
    const image = 'what the run built';
    writeFileSync(path('image'), image);
    writeFileSync(path('run.json'), JSON.stringify(taskRun(createHash('sha256').update(image).digest('hex'))));
    writeFileSync(path('policy.json'), JSON.stringify(policy));
    const run = ['-f', path('run.json'), '--policy', path('policy.json')];
    const signed = Signed.Parse(JSON.parse(await hallmark('sign', ...run, '--key', path('sign.key'))));
    assert.deepEqual(
      signed.map(({ type }) => type),
      ['Attestation', 'ImageSignature'],
    );
    const previewed: unknown = JSON.parse(await hallmark('preview', ...run));
    writeFileSync(path('payload'), Payloads.Parse(previewed)[1]?.payload ?? '');
    const bundles = signed.map(({ bundle, type }) => {
      writeFileSync(path(`${type}.json`), JSON.stringify(bundle));
      return path(`${type}.json`);
    });
    const [attestation = '', signature = ''] = bundles;
    const trust = ['--key', path('sign.pub'), ignoringLog];
    const attested = ['verify-blob-attestation', '--type', 'slsaprovenance1', ...trust, '--bundle', attestation];
    await cosign.run([...attested, path('image')]);
    await cosign.run(['verify-blob', ...trust, '--bundle', signature, path('payload')]);
    writeFileSync(path('image'), 'what it did not build');
    await assert.rejects(cosign.run([...attested, path('image')]), CommandFailed);
  });
});

const Payloads = Compile(Type.Array(Type.Object({ payload: Type.String() })));

const policy = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'SigningPolicy',
  metadata: { name: 'builds', namespace: 'team' },
  spec: { signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } } },
};

function taskRun(sha256: string): object {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'bake-1', namespace: 'team', uid: 'u1' },
    spec: {},
    status: {
      conditions: [{ type: 'Succeeded', status: 'True' }],
      completionTime: '2026-01-31T12:00:00Z',
      results: [
        { name: 'IMAGE_URL', value: 'registry.example.com/team/bread' },
        { name: 'IMAGE_DIGEST', value: `sha256:${sha256}` },
      ],
    },
  };
}
