// SPDX-License-Identifier: Apache-2.0
import type { Artifact, SignedArtifact } from '../../src/evidence/artifact.ts';
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import { contractArtifact } from '../../src/signing/contract-artifacts.fixture.ts';
import type { ContractSubjectName } from '../../src/signing/contract-artifacts.fixture.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';

export type Encoding = 'CosignTags' | 'SigstoreBundle';

/** The builder of a policy without settings of its own. */
const BUILDER = 'https://tekton.dev/chains/v2';

/** The format of image signatures that an encoding holds. */
export function imageFormat(encoding: Encoding): 'SimpleSigning' | 'SigstoreStatement' {
  return encoding === 'CosignTags' ? 'SimpleSigning' : 'SigstoreStatement';
}

/** The signature of an image in the form that an encoding holds. */
export function imageSignature(
  encoding: Encoding,
  subject: ContractSubjectName,
  signer: RunSigner,
): Promise<SignedArtifact> {
  return contractArtifact(imageFormat(encoding), subject, signer);
}

/** SLSA provenance of an image that the builder in `runDetails` states to have built. */
export async function provenance(
  subject: ContractSubjectName,
  signer: RunSigner,
  runDetails: object = builtBy(BUILDER),
): Promise<SignedArtifact> {
  const unsigned = await contractArtifact('InTotoStatement', subject, signer);
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: subject.name, digest: { sha256: subject.sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { buildType: 'https://tekton.dev/chains/v2/slsa' }, runDetails },
  };
  const artifact: Artifact = { ...unsigned, payload: Buffer.from(JSON.stringify(statement)) };
  return { ...unsigned, ...artifact, signature: (await signer.sign(signedBytes(artifact))).signature };
}

/** `runDetails` of provenance that names this builder. */
export function builtBy(id: string): object {
  return { builder: { id } };
}

/** The payload of `signed` with the signature of `other`, as after a change to what was signed. */
export function tampered(signed: SignedArtifact, other: SignedArtifact): SignedArtifact {
  return { ...signed, signature: other.signature };
}
