// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { CommandFailed, runCommand } from '../testbed/processes/run-command.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;
const Vectors = Compile(
  Type.Object({
    signers: Type.Array(
      Type.Object({
        secretFile: Type.String(),
        fileContent: Type.String(),
        password: Type.Optional(Type.String()),
        curve: Type.String(),
      }),
    ),
  }),
);
const golden = new URL('../../testdata/golden/signing-vectors.json', import.meta.url);
const { signers } = Vectors.Parse(JSON.parse(readFileSync(golden, 'utf8')));
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });

const secrets: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>> = {
  ...Object.fromEntries(
    signers.map(({ secretFile, fileContent, password, curve }) => [
      `${secretFile} ${curve}`,
      { [secretFile]: Buffer.from(fileContent), 'cosign.password': Buffer.from(password ?? '') },
    ]),
  ),
  'x509.pem Ed25519': { 'x509.pem': Buffer.from(ed25519) },
};

/**
 * Cosign signs with the hash that belongs to the curve when it holds such a key, as the reference and Hallmark do, but
 * `cosign verify --key` of 3.1 takes SHA-256 whatever the curve.
 */
const NOT_VERIFIED_BY_COSIGN = ['cosign.key P-384', 'cosign.key P-521'];

let bed: StorageBed;
let cosign: string;
let tagRegistry: Registry;
let referrersRegistry: Registry;

before(async () => {
  bed = await StorageBed.start('cosign-verify');
  cosign = await ensureBinary('cosign');
  tagRegistry = await Registry.start(bed.supervisor, { referrers: false });
  referrersRegistry = await Registry.start(bed.supervisor, { referrers: true });
});
after(() => bed.stop());

function driverFor(registry: Registry, override: { repository?: string } = {}): StorageDriver {
  const authentication = { type: 'Anonymous' } as const;
  const oci = { encoding: 'CosignTags', authentication, tls: { insecure: false }, ...override } as const;
  const spec = {
    type: 'OCI',
    selector: {},
    keys: 'Reference',
    acceptFrom: [],
    artifacts: ['Attestation', 'ImageSignature'],
    oci,
  } as const;
  return storageDriver({ kind: 'StorageBackend', name: 'r', namespace: 'n', spec }, bed.context([registry.host]));
}

type Verification = 'verify' | 'verify-attestation';

/** `cosign verify` or `cosign verify-attestation` of an image, offline, by a public key. */
function verify(
  command: Verification,
  signer: KeySigner,
  image: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutput> {
  const key = join(bed.supervisor.dataDirectory('keys'), `${signer.keyID.replaceAll(/\W/g, '')}.pub`);
  writeFileSync(key, signer.publicKey);
  const type = command === 'verify-attestation' ? ['--type', 'slsaprovenance1'] : [];
  const args = [command, '--key', key, ...type, '--insecure-ignore-tlog=true', image];
  return runCommand(cosign, args, { env: { ...bed.supervisor.environment(), ...env } });
}

async function refused(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(
    promise,
    (error: unknown) =>
      error instanceof CommandFailed && /no (matching |)(signatures|attestations|atts)/.test(error.stderr),
  );
}

/** Pushes an image and stores its signature and a statement about it. */
async function signAndStore(registry: Registry, signer: KeySigner): Promise<string> {
  const { digest, reference } = await registry.pushImage('team/app');
  await store(registry, signer, digest);
  return reference;
}

async function store(
  registry: Registry,
  signer: KeySigner,
  digest: string,
  driver = driverFor(registry),
): Promise<void> {
  const sha256 = digest.slice('sha256:'.length);
  const name = `${registry.host}/team/app`;
  const run = runTarget('n');
  await driver.put(await signedImage(signer, name, sha256), run, never);
  await driver.put(await signedStatement(signer, [{ name, digest: { sha256 } }]), run, never);
}

describe('the real cosign', () => {
  for (const [title, secret] of Object.entries(secrets)) {
    if (NOT_VERIFIED_BY_COSIGN.includes(title)) continue;

    it(`verifies what ${title} signed, and nothing by another key`, async () => {
      const signer = await loadKeySigner(secret, 'signing-secrets');
      const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        format: 'pem',
        type: 'pkcs8',
      });
      const stranger = await loadKeySigner({ 'x509.pem': Buffer.from(other) }, 'other');
      for (const registry of [tagRegistry, referrersRegistry]) {
        const image = await signAndStore(registry, signer);
        const { stdout } = await verify('verify', signer, image);
        assert.ok(stdout.includes(image.split('@')[1] ?? image), stdout);
        const attested = await verify('verify-attestation', signer, image);
        assert.match(attested.stdout, /"payloadType":"application\/vnd.in-toto\+json"/);
        await refused(verify('verify', stranger, image));
        await refused(verify('verify-attestation', stranger, image));
      }
    });
  }

  for (const title of NOT_VERIFIED_BY_COSIGN) {
    it(`does not verify what ${title} signed, as with the reference: docs/stores/oci.md warns of it`, async () => {
      const signer = await loadKeySigner(secrets[title] ?? {}, 'signing-secrets');
      const image = await signAndStore(referrersRegistry, signer);
      await refused(verify('verify', signer, image));
      await refused(verify('verify-attestation', signer, image));
      assert.match(readFileSync(new URL('../../docs/stores/oci.md', import.meta.url), 'utf8'), /P-384.*P-521/);
    });
  }

  it('verifies each of two keys that signed one image', async () => {
    const one = await loadKeySigner(secrets['x509.pem P-256'] ?? {}, 'one');
    const two = await loadKeySigner(secrets['x509.pem Ed25519'] ?? {}, 'two');
    const { digest, reference } = await tagRegistry.pushImage('team/app');
    for (const signer of [one, two]) await store(tagRegistry, signer, digest);
    for (const signer of [one, two]) {
      await verify('verify', signer, reference);
      await verify('verify-attestation', signer, reference);
    }
  });

  it('verifies from an override repository that COSIGN_REPOSITORY names', async () => {
    const signer = await loadKeySigner(secrets['x509.pem P-256'] ?? {}, 'one');
    const { digest, reference } = await tagRegistry.pushImage('team/app');
    const repository = `${tagRegistry.host}/team/evidence`;
    await store(tagRegistry, signer, digest, driverFor(tagRegistry, { repository }));
    for (const command of ['verify', 'verify-attestation'] as const) {
      await verify(command, signer, reference, { COSIGN_REPOSITORY: repository });
      await refused(verify(command, signer, reference));
    }
  });
});
