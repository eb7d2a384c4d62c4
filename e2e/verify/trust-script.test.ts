// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { contractArtifact } from '../../src/signing/contract-artifacts.fixture.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { account, keySigner, never, SigstoreBed, team } from '../sigstore/sigstore-bed.ts';
import type { Witnesses } from '../sigstore/sigstore-bed.ts';
import { runTarget } from '../storage/signed-evidence.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { commandProgram } from '../harness/command-program.ts';
import { ended } from './verify-bed.ts';
import type { Ended } from './verify-bed.ts';

let bed: SigstoreBed;
let registry: Registry;
let path: string;
before(async () => {
  bed = await SigstoreBed.start({ fulcio: true, rekorV1: true, rekorV2: true, timestampAuthority: true });
  registry = await Registry.start(bed.supervisor, { referrers: true });
  const bin = bed.supervisor.dataDirectory('bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(await ensureBinary('cosign'), join(bin, 'cosign'));
  path = `${bin}:${bed.supervisor.environment()['PATH'] ?? ''}`;
});
after(() => bed.stop());

type Encoding = 'CosignTags' | 'SigstoreBundle';

interface Kind extends Witnesses {
  readonly title: string;
  readonly encoding: Encoding;
  readonly isKeyless: boolean;
}

const kinds: readonly Kind[] = [
  { title: 'a key alone', encoding: 'SigstoreBundle', isKeyless: false, isTimestamped: false },
  { title: 'a key and a log', encoding: 'CosignTags', isKeyless: false, log: 1, isTimestamped: false },
  { title: 'a key, a log and a timestamp', encoding: 'SigstoreBundle', isKeyless: false, log: 2, isTimestamped: true },
  { title: 'certificates and a log', encoding: 'CosignTags', isKeyless: true, log: 1, isTimestamped: false },
  { title: 'certificates, a log and timestamps', encoding: 'CosignTags', isKeyless: true, log: 1, isTimestamped: true },
  {
    title: 'certificates, a log and timestamps',
    encoding: 'SigstoreBundle',
    isKeyless: true,
    log: 2,
    isTimestamped: true,
  },
];

function signerOf({ isKeyless }: Kind): Promise<RunSigner> {
  return isKeyless ? bed.keyless() : Promise.resolve(keySigner());
}

/** The policy as the cluster has it, in a file. */
function policy(kind: Kind, { keyID, publicKey, certificate }: RunSigner): string {
  const transparency = bed.transparency(kind);
  const file = join(bed.supervisor.dataDirectory('policies'), `${randomUUID()}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { name: 'builds', namespace: team },
      spec: {
        signer: kind.isKeyless
          ? { type: 'Keyless', keyless: { fulcioURL: bed.stack.fulcio.url, serviceAccountName: account } }
          : { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } },
        transparency,
        trustedRoot: { type: 'Inline', inline: bed.stack.trustedRoot },
        imageSignatures: { formats: [kind.encoding === 'CosignTags' ? 'SimpleSigning' : 'SigstoreStatement'] },
      },
      status:
        certificate === undefined
          ? { keyID, publicKey, verificationKeys: [{ keyID, publicKey, state: 'Active' }] }
          : { certificateIdentity: { identity: certificate.identity, issuer: certificate.issuer } },
    }),
  );
  return file;
}

/** The output of `hallmark trust` for the policy, as a script. */
async function script(kind: Kind, signer: RunSigner): Promise<string> {
  const env = bed.supervisor.environment();
  const args = [commandProgram, 'trust', '-f', policy(kind, signer), '-o', 'cosign'];
  const { code, out, err } = await ended(runCommand(process.execPath, args, { env }));
  assert.equal(code, 0, err);
  const file = join(bed.supervisor.dataDirectory('scripts'), randomUUID());
  writeFileSync(file, out);
  return file;
}

function run(file: string, image: string): Promise<Ended> {
  const env = { ...bed.supervisor.environment(), PATH: path, TUF_ROOT: bed.supervisor.dataDirectory('cosign-tuf') };
  return ended(runCommand('/bin/sh', [file, image], { env }));
}

/** An image whose evidence of these kinds is stored as the policy has it. */
async function image(
  kind: Kind,
  signer: RunSigner,
  artifacts: readonly ('Attestation' | 'ImageSignature')[] = ['Attestation', 'ImageSignature'],
): Promise<string> {
  const repository = `team/${randomUUID()}`;
  const { digest, reference } = await registry.pushImage(repository);
  const about = { name: `${registry.host}/${repository}`, sha256: digest.slice('sha256:'.length) };
  const imageForm = kind.encoding === 'CosignTags' ? 'SimpleSigning' : 'SigstoreStatement';
  for (const type of artifacts) {
    const form = type === 'Attestation' ? 'InTotoStatement' : imageForm;
    await store(kind.encoding, await bed.witnessed(await contractArtifact(form, about, signer), kind));
  }
  return reference;
}

async function store(encoding: Encoding, artifact: SignedArtifact): Promise<void> {
  const oci = { encoding, authentication: { type: 'Anonymous' }, tls: { insecure: false } } as const;
  const artifacts = ['Attestation', 'ImageSignature'] as const;
  const spec = { type: 'OCI', selector: {}, keys: 'Reference', acceptFrom: [], artifacts, oci } as const;
  const annotator = {
    annotateRun: () => Promise.resolve(undefined),
    readAnnotations: () => Promise.resolve(undefined),
  };
  const context = { ...bed.context({ hosts: [registry.host] }), annotator };
  const driver = storageDriver({ kind: 'StorageBackend', name: 'r', namespace: 'n', spec }, context);
  await driver.put(artifact, runTarget('n'), never);
  await driver.close?.();
}

describe('the script that hallmark trust prints for cosign', () => {
  for (const kind of kinds) {
    it(`takes what a policy with ${kind.title} stores as ${kind.encoding}, and neither another's nor a part of it`, async () => {
      const signer = await signerOf(kind);
      const file = await script(kind, signer);
      const good = await run(file, await image(kind, signer));
      assert.equal(good.code, 0, good.err);
      const strangers = await image({ ...kind, isKeyless: false }, keySigner());
      assert.notEqual((await run(file, strangers)).code, 0);
      for (const type of ['Attestation', 'ImageSignature'] as const) {
        const part = await run(file, await image(kind, signer, [type]));
        assert.notEqual(part.code, 0, `${type} alone: ${part.out}`);
      }
      if (kind.log === undefined) return;
      const { log, ...unlogged } = kind;
      assert.ok(log);
      const hidden = await run(file, await image({ ...unlogged, isTimestamped: true }, signer));
      assert.notEqual(hidden.code, 0, `not logged: ${hidden.out}`);
    });
  }
});
