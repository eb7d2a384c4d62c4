// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import type { Command } from 'commander';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import { encryptCosignKey } from '../../signing/key/cosign-key-file.ts';
import { commandInProcess, type Ended } from '../command-in-process.fixture.ts';
import { previewCommand } from '../preview/preview.ts';
import { signCommand } from './sign.ts';

const hallmark = fileURLToPath(new URL('../../../bin/hallmark', import.meta.url));
const PASSWORD = 'planted-password-4711';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const secretNumber = pem.split('\n')[1]?.slice(40, 60) ?? '';

const run = Type.Object({ kind: Type.String(), namespace: Type.String(), name: Type.String() });
const payload = Type.Optional(Type.String());
const Signed = Compile(Type.Array(Type.Object({ run, type: Type.String(), bundle: Type.Unknown(), payload })));
const Previewed = Compile(Type.Array(Type.Object({ run, type: Type.String(), payload: Type.String() })));

const digest = `sha256:${'3'.repeat(64)}`;
const taskRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'bake-1', namespace: 'team-a', uid: 'u1' },
  spec: {},
  status: {
    conditions: [{ type: 'Succeeded', status: 'True' }],
    completionTime: '2026-01-31T12:00:00Z',
    results: [
      { name: 'IMAGE_URL', value: 'registry.example.com/team-a/bread' },
      { name: 'IMAGE_DIGEST', value: digest },
    ],
  },
};

function policy(spec: object): string {
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const metadata = { name: 'builds', namespace: 'team-a' };
  return JSON.stringify({
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'SigningPolicy',
    metadata,
    spec: { signer, ...spec },
  });
}

describe('hallmark sign', () => {
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-sign-'));
    const contents = {
      'run.json': JSON.stringify(taskRun),
      'running.json': JSON.stringify({
        ...taskRun,
        metadata: { name: 'bake-2', namespace: 'team-a', uid: 'u2' },
        status: 3,
      }),
      'policy.json': policy({ attestation: { format: 'slsa/v1' } }),
      'elsewhere.json': policy({ subjects: { allowedRepositories: ['registry.example.com/team-b/*'] } }),
      'bad-policy.json': policy({ attestation: { format: 'x' } }),
      'key.pem': pem,
      'ec.pem': privateKey.export({ format: 'pem', type: 'sec1' }).toString(),
      'cosign.key': await encryptCosignKey(privateKey, Buffer.from(PASSWORD)),
      password: `${PASSWORD}\n`,
    };
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function signProcess(args: readonly string[]): Ended {
    const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
    const options = { cwd: folder, encoding: 'utf8', timeout: 60_000, env: { PATH, NODE_COMPILE_CACHE } } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [hallmark, 'sign', ...args], options);
    assertNoSecret(`${stdout}${stderr}`);
    return { code: status, out: stdout, err: stderr };
  }

  /** A command in the folder, with this $COSIGN_PASSWORD or none. */
  async function run(command: Command, args: readonly string[], password?: string): Promise<Ended> {
    const outside = process.cwd();
    const before = process.env['COSIGN_PASSWORD'];
    process.chdir(folder);
    setPassword(password);
    try {
      const ended = await commandInProcess(command, args);
      assertNoSecret(`${ended.out}${ended.err}`);
      return ended;
    } finally {
      process.chdir(outside);
      setPassword(before);
    }
  }

  function setPassword(password: string | undefined): void {
    if (password === undefined) delete process.env['COSIGN_PASSWORD'];
    else process.env['COSIGN_PASSWORD'] = password;
  }

  function assertNoSecret(text: string): void {
    for (const secret of [PASSWORD, secretNumber]) assert.ok(!text.includes(secret), 'a secret is shown');
  }

  it('prints a bundle of each payload that preview prints, which sigstore verifies', async () => {
    const { code, out, err } = await run(signCommand(), [
      ...['-f', 'run.json', '--policy', 'policy.json', '--key', 'key.pem'],
    ]);
    assert.deepEqual([code, err], [0, '']);
    const preview = await run(previewCommand(), ['-f', 'run.json', '--policy', 'policy.json']);
    const previewed = Previewed.Parse(JSON.parse(preview.out));
    const signed = Signed.Parse(JSON.parse(out));
    assert.deepEqual(
      signed.map((entry) => [entry.run, entry.type]),
      previewed.map((entry) => [entry.run, entry.type]),
    );
    assert.deepEqual([...new Set(signed.map(({ type }) => type))], ['Attestation', 'ImageSignature']);
    const material = toTrustMaterial(TrustedRoot.fromJSON({}), () => ({ publicKey, validFor: () => true }));
    const verifier = new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
    for (const [index, { type, bundle, payload: detached }] of signed.entries()) {
      const payload = previewed[index]?.payload ?? '';
      assert.equal(detached, type === 'ImageSignature' ? payload : undefined);
      const read = bundleFromJSON(bundle);
      verifier.verify(toSignedEntity(read, Buffer.from(payload)));
      if (read.content.$case === 'dsseEnvelope') assert.equal(read.content.dsseEnvelope.payload.toString(), payload);
    }
  });

  it('signs with a cosign key and the password from a file or the environment', async () => {
    const args = ['-f', 'run.json', '--policy', 'policy.json', '--key', 'cosign.key', '-o', 'yaml'];
    for (const { code, out, err } of [
      await run(signCommand(), [...args, '--password-file', 'password']),
      await run(signCommand(), args, PASSWORD),
    ]) {
      assert.equal(code, 0, err);
      assert.equal(Signed.Parse(parse(out)).length, 2);
    }
  });

  it('signs the good runs, and exits with 1 after a line for each bad one', () => {
    const args = ['-f', 'run.json', '-f', 'running.json', '--policy', 'policy.json', '--key', 'key.pem'];
    const { code, out, err } = signProcess(args);
    assert.equal(code, 1);
    assert.equal(Signed.Parse(JSON.parse(out)).length, 2);
    assert.match(err, /^error: running\.json:1: TaskRun team-a\/bake-2: .+\n$/);
  });

  it('signs no run that claims to have built what the policy does not allow', async () => {
    const args = ['-f', 'run.json', '--policy', 'elsewhere.json', '--key', 'key.pem'];
    const { code, out, err } = await run(signCommand(), args);
    assert.deepEqual([code, JSON.parse(out)], [1, []]);
    assert.equal(
      err,
      'error: TaskRun team-a/bake-1: claims to have built registry.example.com/team-a/bread, which spec.subjects.allowedRepositories does not allow\n',
    );
  });

  it('ends a process with 2 for a mistake, too', () => {
    const { code, out, err } = signProcess(['-f', 'run.json', '--policy', 'policy.json', '--key', 'ec.pem']);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /ec\.pem begins with a PEM block/);
  });

  const usual = ['-f', 'run.json', '--policy', 'policy.json'];
  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no runs', ['--policy', 'policy.json', '--key', 'key.pem'], /--filename <file>' not specified/],
    ['no policy', ['-f', 'run.json', '--key', 'key.pem'], /--policy <file>' not specified/],
    ['no key', usual, /--key <file>' not specified/],
    ['a key that is not there', [...usual, '--key', 'none.pem'], /none\.pem/],
    ['a key in another format', [...usual, '--key', 'ec.pem'], /ec\.pem begins with a PEM block "EC PRIVATE KEY"/],
    ['a file that is no key', [...usual, '--key', 'run.json'], /run\.json holds no PEM block/],
    ['a key without its password', [...usual, '--key', 'cosign.key'], /cosign\.key is encrypted: give its password/],
    [
      'a wrong password',
      [...usual, '--key', 'cosign.key', '--password-file', 'run.json'],
      /cosign\.key cannot be decrypted; check that --password-file/,
    ],
    [
      'a policy that is invalid',
      ['-f', 'run.json', '--policy', 'bad-policy.json', '--key', 'key.pem'],
      /spec\.attestation\.format/,
    ],
    [
      'standard input twice',
      ['-f', '-', '--policy', '-', '--key', 'key.pem'],
      /standard input can hold the policy or the runs/,
    ],
    ['runs that are not there', ['-f', 'none.json', '--policy', 'policy.json', '--key', 'key.pem'], /none\.json/],
  ];
  for (const [what, args, message] of mistakes) {
    it(`exits with 2 and prints nothing for ${what}`, async () => {
      const { code, out, err } = await run(signCommand(), args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
    });
  }
});
