// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../api/v1alpha1/fields/date-time.ts';
import type { ArtifactForm, SignedArtifact, Artifact } from '../evidence/artifact.ts';
import { signedBytes } from '../evidence/signed-bytes.ts';
import type { RunSigner } from './run-signer.ts';

/** The subject of an artifact: an image, or a file by its digest. */
export interface ContractSubjectName {
  readonly name: string;
  /** SHA-256, hex. */
  readonly sha256: string;
}

const STATEMENT_TYPE = 'application/vnd.in-toto+json';
const PREDICATES = {
  InTotoStatement: {
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { buildType: 'https://tekton.dev/chains/v2/slsa' } },
  },
  SigstoreStatement: { predicateType: 'https://sigstore.dev/cosign/sign/v1', predicate: {} },
} as const;

/** An artifact of this form about a subject, signed. */
export async function contractArtifact(
  form: ArtifactForm,
  subject: ContractSubjectName,
  signer: RunSigner,
): Promise<SignedArtifact> {
  const artifact = form === 'SimpleSigning' ? simpleSigning(subject) : statement(form, subject);
  const { signature } = await signer.sign(signedBytes(artifact));
  const { keyID, publicKey, certificate } = signer;
  if (certificate === undefined) return { ...artifact, signature, keyID, publicKey };
  const { chain, identity, issuer } = certificate;
  const window = { notBefore: rfc3339Seconds(certificate.notBefore), notAfter: rfc3339Seconds(certificate.notAfter) };
  return { ...artifact, signature, keyID, publicKey, certificate: { chain, identity, issuer, ...window } };
}

function statement(form: keyof typeof PREDICATES, subject: ContractSubjectName): Artifact {
  const subjects = [{ name: subject.name, digest: { sha256: subject.sha256 } }];
  const payload = Buffer.from(
    JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: subjects, ...PREDICATES[form] }),
  );
  const type = form === 'InTotoStatement' ? 'Attestation' : 'ImageSignature';
  const name = type === 'Attestation' ? 'attestation' : `image-${subject.sha256.slice(0, 12)}`;
  return { name, type, form, payloadType: STATEMENT_TYPE, payload, subjects };
}

function simpleSigning({ name, sha256 }: ContractSubjectName): Artifact {
  const critical = {
    identity: { 'docker-reference': name },
    image: { 'docker-manifest-digest': `sha256:${sha256}` },
    type: 'cosign container image signature',
  };
  return {
    name: `image-${sha256.slice(0, 12)}`,
    type: 'ImageSignature',
    form: 'SimpleSigning',
    payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    payload: Buffer.from(JSON.stringify({ critical, optional: null })),
    subjects: [{ name, digest: { sha256 } }],
  };
}
