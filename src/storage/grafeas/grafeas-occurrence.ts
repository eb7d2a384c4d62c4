// SPDX-License-Identifier: Apache-2.0
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact, Subject } from '../../evidence/artifact.ts';
import { builderVersion } from './grafeas-note.ts';
import type { ApiVersion, GrafeasNote } from './grafeas-note.ts';
import { intotoStatement } from './slsa-zero-two.ts';
import type { RunTarget } from '../run-target.ts';

/** An occurrence before the server names it. */
export interface NewOccurrence {
  readonly resourceURI: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The envelope's only signature, base64. Together with the resource it identifies an occurrence within its note. */
  readonly signature: string;
}

export interface OccurrenceContext {
  readonly run: RunTarget;
  readonly projectID: string;
  readonly note: GrafeasNote;
  readonly version: ApiVersion;
}

/** Make one occurrence per subject with a digest, in the order of the payload and without duplicates. */
export function grafeasOccurrences(artifact: SignedArtifact, context: OccurrenceContext): readonly NewOccurrence[] {
  const uris = new Set(artifact.subjects.flatMap(resourceURIs));
  return [...uris].map((uri) => occurrence(artifact, uri, context));
}

/** `name@algorithm:hex`: Chains' names of resources. */
function resourceURIs({ name, digest }: Subject): readonly string[] {
  return Object.entries(digest).map(([algorithm, hex]) => `${name}@${algorithm}:${hex}`);
}

function occurrence(artifact: SignedArtifact, resourceURI: string, context: OccurrenceContext): NewOccurrence {
  const { note, version } = context;
  const isImage = artifact.type === 'ImageSignature';
  // Chains puts the whole envelope of an attestation into the field of its signature.
  const signature = (isImage ? artifact.signature : signatureText(artifact)).toString('base64');
  const payload = artifact.payload.toString('base64');
  const envelope = {
    payload,
    payloadType: artifact.payloadType,
    signatures: [{ sig: signature, keyid: artifact.keyID }],
  };
  const body = {
    ...(version === 'v1' ? { resourceUri: resourceURI } : { resource: { uri: resourceURI } }),
    noteName: note.name,
    kind: isImage ? 'ATTESTATION' : 'BUILD',
    ...(isImage ? attestation(artifact, version) : build(artifact, context)),
    envelope,
  };
  return { resourceURI, body, signature };
}

function attestation({ payload, signature, keyID }: SignedArtifact, version: ApiVersion): object {
  const signed = {
    serializedPayload: payload.toString('base64'),
    signatures: [{ signature: signature.toString('base64'), publicKeyId: keyID }],
  };
  if (version === 'v1') return { attestation: signed };
  const genericSignedAttestation = { contentType: 'SIMPLE_SIGNING_JSON', ...signed };
  return { attestation: { attestation: { genericSignedAttestation } } };
}

/** A v1beta1 build has no statement, only fields that identify it; the envelope next to them holds the rest. */
function build(artifact: SignedArtifact, { run, projectID, version }: OccurrenceContext): object {
  if (version === 'v1') return { build: { intotoStatement: intotoStatement(artifact.payload) } };
  return { build: { provenance: { id: run.uid, projectId: projectID, builderVersion: builderVersion(run.kind) } } };
}
