// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CommanderError } from 'commander';
import { verifyCommand } from '../../src/cli/verify/verify.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { keySigner, never, SigstoreBed } from '../sigstore/sigstore-bed.ts';
import { runTarget, signedImage, signedStatement } from '../storage/signed-evidence.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { Transit } from '../testbed/transit/transit.ts';

let bed: SigstoreBed;
let registry: Registry;
let root: string;

before(async () => {
  bed = await SigstoreBed.start({ rekorV1: true, timestampAuthority: true });
  registry = await Registry.start(bed.supervisor, { referrers: true });
  root = join(bed.supervisor.dataDirectory('roots'), 'trusted_root.json');
  writeFileSync(root, bed.stack.trustedRoot);
});
after(() => bed.stop());

interface Ended {
  readonly code: number;
  readonly out: string;
}

/** `hallmark verify image`, within this process. */
async function verify(...args: readonly string[]): Promise<Ended> {
  let out = '';
  const command = verifyCommand();
  for (const one of command.commands) {
    one.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (out += text) });
  }
  try {
    await command.parseAsync(['image', ...args], { from: 'user' });
    return { code: Number(process.exitCode ?? 0), out };
  } catch (error) {
    assert.ok(error instanceof CommanderError, String(error));
    return { code: error.exitCode, out };
  } finally {
    process.exitCode = 0;
  }
}

function keyFile({ publicKey, keyID }: Pick<RunSigner, 'publicKey' | 'keyID'>): string {
  const path = join(bed.supervisor.dataDirectory('keys'), `${keyID.replaceAll(/\W/g, '')}.pub`);
  writeFileSync(path, publicKey);
  return path;
}

async function witnessed(artifact: SignedArtifact): Promise<SignedArtifact> {
  const stamped = { ...artifact, timestamps: [await bed.authority().testify(artifact, bed.trustedRoot, never)] };
  return { ...stamped, logEntries: [await bed.log(1).testify(stamped, bed.trustedRoot, never)] };
}

/** Stores as a backend of this encoding does. */
async function store(encoding: 'CosignTags' | 'SigstoreBundle', artifact: SignedArtifact): Promise<void> {
  const authentication = { type: 'Anonymous' } as const;
  const oci = { encoding, authentication, tls: { insecure: false } } as const;
  const common = {
    selector: {},
    keys: 'Reference',
    acceptFrom: [],
    artifacts: ['Attestation', 'ImageSignature'],
  } as const;
  const definition = {
    kind: 'StorageBackend',
    name: 'r',
    namespace: 'n',
    spec: { type: 'OCI', ...common, oci },
  } as const;
  const annotator = {
    annotateRun: () => Promise.resolve(undefined),
    readAnnotations: () => Promise.resolve(undefined),
  };
  const driver = storageDriver(definition, { ...bed.context({ hosts: [registry.host] }), annotator });
  await driver.put(artifact, runTarget('n'), never);
  await driver.close?.();
}

describe('an image whose evidence a log and a timestamp authority witnessed', () => {
  for (const encoding of ['CosignTags', 'SigstoreBundle'] as const) {
    it(`verifies with both asked for, from ${encoding}, and not without a witness`, async () => {
      const signer = keySigner();
      const name = `${registry.host}/team/${encoding.toLowerCase()}`;
      const args = ['--key', keyFile(signer), '--trusted-root', root, '--require-log', '--require-timestamp'];
      for (const witness of [true, false]) {
        const { digest, reference } = await registry.pushImage(`team/${encoding.toLowerCase()}`);
        const sha256 = digest.slice('sha256:'.length);
        const statement = await signedStatement(signer, [{ name, digest: { sha256 } }]);
        const image = await signedImage(signer, name, sha256);
        for (const artifact of encoding === 'CosignTags' ? [statement, image] : [statement]) {
          await store(encoding, witness ? await witnessed(artifact) : artifact);
        }
        const { code, out } = await verify(reference, ...args);
        assert.equal(code, witness ? 0 : 1, out);
        assert.match(out, witness ? /by a transparency log\n.*by a timestamp authority/ : /LogEntryMissing/);
      }
    });
  }

  it('verifies by the key of a KMS, asked for with the credentials of the environment', async () => {
    const transit = await Transit.start(bed.supervisor);
    await transit.createKey('builds');
    const { digest, reference } = await registry.pushImage('team/kms');
    const other = await registry.pushImage('team/kms');
    const environment = { VAULT_ADDR: transit.url, VAULT_TOKEN: transit.rootToken };
    const before = { ...process.env };
    Object.assign(process.env, environment);
    try {
      await store('CosignTags', await signedByKms(transit, `${registry.host}/team/kms`, digest));
      const good = await verify(reference, '--kms', 'hashivault://builds');
      assert.equal(good.code, 0, good.out);
      assert.equal((await verify(other.reference, '--kms', 'hashivault://builds')).code, 1);
      await transit.createKey('others');
      assert.equal((await verify(reference, '--kms', 'hashivault://others')).code, 1);
      const { code, out } = await verify(reference, '--kms', 'hashivault://none');
      assert.equal(code, 3, out);
      assert.ok(!out.includes(transit.rootToken));
    } finally {
      process.env = before;
    }
  });
});

/** A provenance statement of the image, signed by the transit engine's key. */
async function signedByKms(transit: Transit, name: string, digest: string): Promise<SignedArtifact> {
  const statement = await signedStatement(keySigner(), [{ name, digest: { sha256: digest.slice('sha256:'.length) } }]);
  const kms = { uri: 'hashivault://builds', vault: { address: transit.url } };
  const definition = {
    kind: 'ClusterSigningPolicy',
    description: 'ClusterSigningPolicy builds',
    homeNamespace: 'hallmark-system',
    signer: { type: 'KMS', kms },
  } as const;
  const source = kmsSource(definition, bed.context({ hosts: [transit.host] }));
  const kmsSigner = await source.signer(never);
  const { signature } = await kmsSigner.sign(signedBytes(statement));
  await source.close();
  return { ...statement, signature, keyID: kmsSigner.keyID, publicKey: kmsSigner.publicKey };
}
