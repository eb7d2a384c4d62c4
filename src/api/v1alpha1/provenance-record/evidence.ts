// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { matchesRule } from '../fields/cel-rule.ts';
import { has } from '../../../json/fields.ts';
import type { Immutable } from '../fields/immutable.ts';
import { objectName } from '../fields/object-name.ts';
import { backendKind } from './spec.ts';
import { MAX_WARNING_LENGTH, MAX_WARNINGS } from '../warning.ts';

/** The limit of an artifact's packed payload in base64; a whole record stays below the limit of etcd. */
export const MAX_PAYLOAD_LENGTH = 1_048_576;
/** The most artifacts of a record: the attestation and one per image. */
export const MAX_ARTIFACTS = 256;
/** The most places that a dropped payload names. */
export const MAX_PAYLOAD_LOCATIONS = 2;
/** The most subjects that an artifact lists; `subjectCount` is the full number. */
export const MAX_LISTED_SUBJECTS = 64;

const sha256Digest = /^sha256:[0-9a-f]{64}$/;

/** A field that an artifact may gain once and then keeps. */
function setOnce(name: string): CelRule {
  return {
    rule: `!has(oldSelf.${name}) || (has(self.${name}) && self.${name} == oldSelf.${name})`,
    message: `${name} must not change once it is set`,
  };
}

/** A field that is set when the artifact is created. */
function immutable(name: string): CelRule {
  return { rule: `self.${name} == oldSelf.${name}`, message: `${name} must not change` };
}

const signatureNeedsKey: CelRule = {
  rule: 'has(self.signature) == has(self.keyID) && has(self.signature) == has(self.publicKey)',
  message: 'signature, keyID and publicKey must be set together',
  holds: (self) => has(self, 'signature') === has(self, 'keyID') && has(self, 'signature') === has(self, 'publicKey'),
};

const payloadSomewhere: CelRule = {
  rule: 'has(self.payload) || (has(self.payloadLocations) && has(self.signature))',
  message: 'an artifact without its payload must be signed and say in payloadLocations where the payload is',
  holds: (self) => has(self, 'payload') || (has(self, 'payloadLocations') && has(self, 'signature')),
};

const keptAway: CelRule = {
  rule: 'has(oldSelf.payload) || !has(self.payload)',
  message: 'payload must not come back once it is dropped',
};

const unseenCertificate = 'has(oldSelf.certificate) && !has(oldSelf.logEntries) && !has(oldSelf.timestamps)';

/** The only legal second signature: for a keyless certificate that no log or authority has witnessed. */
function setOnceWitnessed(name: string): CelRule {
  return {
    rule: `!has(oldSelf.${name}) || (has(self.${name}) && (self.${name} == oldSelf.${name} || (${unseenCertificate})))`,
    message: `${name} must not change once it is set, but for a certificate that nothing has witnessed`,
  };
}

/** Fields of a first signature that may be missing from the second: the policy may use a key by then. */
function goesWithSignature(name: string): CelRule {
  return {
    rule: `!has(oldSelf.${name}) || (has(self.${name}) && self.${name} == oldSelf.${name}) || (${unseenCertificate})`,
    message: `${name} must not change once it is set, but for a certificate that nothing has witnessed`,
  };
}

const certificate = Type.Object(
  {
    chain: Type.String({ description: 'Certificates (PEM), the signing one first.', minLength: 1, maxLength: 32_768 }),
    identity: Type.String({ description: 'Whom the certificate was issued to.', minLength: 1, maxLength: 2048 }),
    issuer: Type.String({ description: 'OIDC issuer of the identity.', minLength: 1, maxLength: 2048 }),
    notBefore: Type.String({ description: 'When the certificate begins to hold.', format: 'date-time' }),
    notAfter: Type.String({ description: 'When the certificate ends.', format: 'date-time' }),
  },
  { description: 'Certificate of a keyless signature.' },
);

const logEntry = Type.Object({
  url: Type.String({ description: 'The transparency log.', minLength: 1, maxLength: 2048 }),
  logIndex: Type.String({ description: 'Index of the entry in the log, decimal.', minLength: 1, maxLength: 20 }),
  integratedTime: Type.Optional(
    Type.String({ description: 'When the log took it, where the log says so.', format: 'date-time' }),
  ),
  entry: Type.String({
    description: 'The entry with its proofs: JSON of dev.sigstore.rekor.v1.TransparencyLogEntry.',
    minLength: 1,
    maxLength: 65_536,
  }),
});

const timestamp = Type.Object({
  url: Type.String({ description: 'The timestamp authority.', minLength: 1, maxLength: 2048 }),
  time: Type.String({ description: 'The time that it states.', format: 'date-time' }),
  token: Type.String({ description: 'The RFC 3161 response, DER, base64.', minLength: 1, maxLength: 32_768 }),
});

const payloadLocation = Type.Object({
  kind: backendKind,
  name: objectName('Name of the backend.'),
  uri: Type.String({ description: 'Where the backend holds it.', minLength: 1, maxLength: 2048 }),
  digest: Type.Optional(
    Type.String({ description: 'Digest of the stored object, where the store has one.', minLength: 1, maxLength: 256 }),
  ),
});

/** Schema of one artifact of the evidence. */
export const evidenceArtifact = Type.Object(
  {
    name: Type.String({
      description: 'attestation, or image- (a statement: image-statement-) and 12 digits of a hash over the image.',
      minLength: 1,
      maxLength: 63,
    }),
    type: Type.Enum(['Attestation', 'ImageSignature'], { description: 'Kind of evidence.' }),
    form: Type.Enum(['InTotoStatement', 'SimpleSigning', 'SigstoreStatement'], { description: 'What the payload is.' }),
    payloadType: Type.String({ description: 'Media type of the payload.', minLength: 1, maxLength: 256 }),
    payload: Type.Optional(
      Type.String({
        description: 'The exact payload bytes, gzip, base64. Dropped once stored, where spec.evidence is UntilStored.',
        maxLength: MAX_PAYLOAD_LENGTH,
      }),
    ),
    payloadDigest: Type.String({
      description: 'Digest of the payload bytes before gzip.',
      maxLength: 71,
      'x-kubernetes-validations': [matchesRule(sha256Digest, 'must be sha256: and 64 hexadecimal digits')],
    }),
    payloadLocations: Type.Optional(
      Type.Array(payloadLocation, {
        description: 'Where the payload was stored and read back when it was dropped from here.',
        minItems: 1,
        maxItems: MAX_PAYLOAD_LOCATIONS,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    subjects: Type.Optional(
      Type.Array(Type.String({ maxLength: 1024 }), {
        description: `The first ${String(MAX_LISTED_SUBJECTS)} subjects, as name@algorithm:hex.`,
        maxItems: MAX_LISTED_SUBJECTS,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    subjectCount: Type.Integer({ description: 'How many subjects the payload has.', minimum: 0, format: 'int32' }),
    policyGeneration: Type.Integer({
      description: "The policy's metadata.generation that the payload was made under.",
      minimum: 0,
      format: 'int64',
    }),
    signature: Type.Optional(
      Type.String({
        description:
          'Raw signature, base64: over the payload for SimpleSigning, over its DSSE pre-authentication encoding otherwise.',
        minLength: 1,
        maxLength: 4096,
      }),
    ),
    keyID: Type.Optional(Type.String({ description: 'Key id stated in envelopes.', minLength: 1, maxLength: 256 })),
    publicKey: Type.Optional(
      Type.String({ description: 'Public key (PEM) that the signature verifies with.', minLength: 1, maxLength: 8192 }),
    ),
    certificate: Type.Optional(certificate),
    witnesses: Type.Optional(
      Type.Array(Type.Enum(['Log', 'TimestampAuthority']), {
        description:
          'What the policy wanted to witness the signature when it was made: it counts when the policy is gone by then.',
        maxItems: 2,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    logEntries: Type.Optional(
      Type.Array(logEntry, {
        description: 'Where transparency logs took the signature.',
        maxItems: 4,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['url'],
      }),
    ),
    timestamps: Type.Optional(
      Type.Array(timestamp, {
        description: 'When timestamp authorities saw the signature.',
        maxItems: 8,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['url'],
      }),
    ),
    logFailure: Type.Optional(
      Type.String({
        description: 'Why it is stored without an entry in the log, where the policy says StoreWithout.',
        minLength: 1,
        maxLength: 1024,
      }),
    ),
    warnings: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_WARNING_LENGTH }), {
        description:
          'What the payload had to leave out or states as it is ill-formed: a kind of docs/warnings.md, a colon and a sentence.',
        maxItems: MAX_WARNINGS,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
  },
  {
    'x-kubernetes-validations': [
      signatureNeedsKey,
      payloadSomewhere,
      keptAway,
      immutable('type'),
      immutable('form'),
      immutable('payloadType'),
      immutable('payloadDigest'),
      setOnceWitnessed('signature'),
      setOnceWitnessed('keyID'),
      setOnceWitnessed('publicKey'),
      goesWithSignature('certificate'),
      goesWithSignature('witnesses'),
      setOnce('logEntries'),
      setOnce('timestamps'),
      setOnce('logFailure'),
    ],
  },
);

const neverRemoved: CelRule = {
  rule: 'oldSelf.all(before, self.exists(now, now.name == before.name))',
  message: 'an artifact must not be removed',
};

const keptList: CelRule = {
  rule: '!has(oldSelf.artifacts) || has(self.artifacts)',
  message: 'artifacts must not be removed',
};

/** Schema of a ProvenanceRecord's evidence. */
export const provenanceRecordEvidence = Type.Object(
  {
    artifacts: Type.Optional(
      Type.Array(evidenceArtifact, {
        description: 'What is signed, by name. Grows; what was set once stays.',
        maxItems: MAX_ARTIFACTS,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-validations': [neverRemoved],
      }),
    ),
    problem: Type.Optional(
      Type.Object(
        {
          reason: Type.String({ description: 'Why, as one word of docs/reasons.md.', minLength: 1, maxLength: 64 }),
          message: Type.String({ description: 'Why, for people.', maxLength: 4096 }),
        },
        { description: 'Why there is no payload to sign, until there is one.' },
      ),
    ),
    sealKeyID: Type.Optional(
      Type.String({
        description: 'Which key sealed it: two operators with keys of their own tell their records apart by it.',
        minLength: 1,
        maxLength: 64,
      }),
    ),
    seal: Type.Optional(
      Type.String({
        description:
          'HMAC over spec and evidence with a key that only the operator holds: what it does not verify for is not trusted.',
        minLength: 1,
        maxLength: 256,
      }),
    ),
  },
  { description: 'What is signed, and the signatures.', 'x-kubernetes-validations': [keptList] },
);

export type ProvenanceRecordEvidence = Immutable<Static<typeof provenanceRecordEvidence>>;
export type EvidenceArtifact = NonNullable<ProvenanceRecordEvidence['artifacts']>[number];
