// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import type { SignedArtifact, Subject, Artifact } from '../../src/evidence/artifact.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

export function runTarget(namespace: string, more: Partial<RunTarget> = {}): RunTarget {
  const uid = randomUUID();
  const name = `bake-${uid.slice(0, 8)}`;
  const policy = { kind: 'SigningPolicy', namespace, name: 'builds' } as const;
  const account = { serviceAccountName: 'default' };
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', namespace, name, uid, ...account, policy, ...more };
}

/** A provenance statement about these subjects, signed. `note` makes it differ from others about the same. */
export function signedStatement(signer: KeySigner, subjects: readonly Subject[], note = 'n'): Promise<SignedArtifact> {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    subject: subjects,
    predicate: { buildDefinition: { buildType: 'https://tekton.dev/chains/v2/slsa', internalParameters: { note } } },
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const type = { name: 'attestation', type: 'Attestation', form: 'InTotoStatement' } as const;
  return signed(signer, { ...type, payloadType: 'application/vnd.in-toto+json', payload, subjects });
}

/** A simple signing of an image, `repository` and hex digest, signed. */
export function signedImage(signer: KeySigner, repository: string, sha256: string): Promise<SignedArtifact> {
  const payload = Buffer.from(
    `{"critical":{"identity":{"docker-reference":"${repository}"},"image":{"docker-manifest-digest":"sha256:${sha256}"},"type":"cosign container image signature"},"optional":null}`,
  );
  const subjects = [{ name: repository, digest: { sha256 } }];
  const type = { name: `image-${sha256.slice(0, 12)}`, type: 'ImageSignature', form: 'SimpleSigning' } as const;
  return signed(signer, {
    ...type,
    payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    payload,
    subjects,
  });
}

/** The statement that cosign 3 signs of an image, signed. */
export function signedImageStatement(signer: KeySigner, repository: string, sha256: string): Promise<SignedArtifact> {
  const subjects = [{ name: repository, digest: { sha256 } }];
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects,
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    predicate: {},
  };
  const name = `image-statement-${sha256.slice(0, 12)}`;
  const type = { name, type: 'ImageSignature', form: 'SigstoreStatement' } as const;
  const payload = Buffer.from(JSON.stringify(statement));
  return signed(signer, { ...type, payloadType: 'application/vnd.in-toto+json', payload, subjects });
}

async function signed(signer: KeySigner, artifact: Artifact): Promise<SignedArtifact> {
  const { signature } = await signer.sign(signedBytes(artifact));
  return { ...artifact, signature, keyID: signer.keyID, publicKey: signer.publicKey };
}
