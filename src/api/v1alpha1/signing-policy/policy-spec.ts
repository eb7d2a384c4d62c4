// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { unionRule } from '../fields/cel-rule.ts';
import { noteKinds } from '../note-kinds.ts';
import { buildTypes, formats } from './format-names.ts';
import { policySigner } from './policy-signer.ts';
import { policyTransparency, policyTrustedRoot, witnessRules } from './policy-transparency.ts';
import { field } from '../../../json/fields.ts';
import { conditionList } from '../condition.ts';
import { deletionGuardTypes, MAX_GUARD_SECONDS } from '../deletion-guard.ts';
import { objectName } from '../fields/object-name.ts';
import { enumSet, stringSet } from '../fields/string-set.ts';

/** Fields of both SigningPolicy and ClusterSigningPolicy, independent of the scope. */
export const policyConditionTypes = ['Ready', 'KeyReady', 'BackendsReady', 'Reconciling', 'Stalled'] as const;

const MAX_BACKENDS = 32;

const descriptions = {
  runs: 'Which finished runs are signed, in addition to the labels.',
  attestation: 'The provenance statement made for a run.',
  imageSignatures: 'Signatures of the images themselves.',
  compatibility: 'What tools that were made for Tekton Chains find.',
  deletionGuard: 'What becomes of a selected run that is deleted before its evidence is stored.',
  record:
    'The time that the ProvenanceRecords of this policy are kept, within the limit of the platform. None is removed before it is stored or its run is gone.',
};

const nothingToSign: CelRule = {
  rule:
    "!(has(self.attestation) && has(self.attestation.format) && self.attestation.format == 'None' && " +
    'has(self.imageSignatures) && has(self.imageSignatures.formats) && size(self.imageSignatures.formats) == 0)',
  message: 'attestation.format None and empty imageSignatures.formats leave nothing to sign: set one of them',
  holds: (self) => {
    const signatureFormats = field(field(self, 'imageSignatures'), 'formats');
    const noSignatures = Array.isArray(signatureFormats) && signatureFormats.length === 0;
    return !(field(field(self, 'attestation'), 'format') === 'None' && noSignatures);
  },
};

/** Rules about a policy's spec as a whole. */
export const policySpecRules: readonly CelRule[] = [nothingToSign, ...witnessRules];

const kinds = enumSet(['TaskRun', 'PipelineRun'], {
  description: 'Kinds of runs to sign. TaskRuns that belong to a PipelineRun count too.',
  minItems: 1,
});
const outcomes = enumSet(['Succeeded', 'Failed', 'Cancelled'], {
  description: 'How a run must have ended.',
  minItems: 1,
});
const managedBy = stringSet('Values of spec.managedBy accepted in addition to none and tekton.dev/pipeline.', {
  maxItems: 16,
  maxLength: 63,
});
const finishedAfter = Type.String({
  description:
    'Only runs that finished after this time are signed, so that a new policy never signs history by surprise.',
  format: 'date-time',
});

const format = Type.Enum([...formats], {
  description: 'Format of the provenance statement; None makes no attestation.',
});
const buildType = Type.Enum([...buildTypes], {
  description: 'buildType of the formats slsa/v2alpha3 and slsa/v2alpha4.',
});
const builderID = Type.String({
  description: 'Builder id stated in every attestation.',
  minLength: 1,
  maxLength: 1024,
});
const deepInspection = Type.Boolean({
  description: "Look for a PipelineRun's subjects and materials in the results of its TaskRuns too.",
});
const redactParameters = stringSet('Names of run parameters whose values are replaced by "[redacted]" in statements.', {
  maxItems: 64,
  maxLength: 253,
});

const imageFormats = enumSet(['SimpleSigning', 'SigstoreStatement'], {
  description:
    "Payloads signed for each image a run built, each with its own signature: SimpleSigning for cosign's .sig tags and every other store, SigstoreStatement for OCI backends with the encoding SigstoreBundle. An empty list signs no images.",
  minItems: 0,
});

const indexChildren = Type.Boolean({
  description:
    'Also sign each image of an image index that a run built. The operator reads the index from its registry first, and signs nothing of the run until it can.',
});

const onMissing = Type.Enum(['Warn', 'Refuse'], {
  description:
    'A PipelineRun may have a child that is gone, or that is not the one that ran: Warn states the run without it and says so in the record, Refuse signs nothing of the run. With notes Recorded, Refuse also refuses a run with a child that the operator did not see finish.',
});
const notes = Type.Enum([...noteKinds], {
  description:
    'Where the operator keeps which children it saw finish, until their PipelineRun is recorded. Memory is lost when the operator restarts. Recorded also writes them down, in the namespace of the operator: one write for each child.',
});

const mode = Type.Enum(['Enforce', 'Audit'], {
  description: 'Enforce signs and stores; Audit records what would be signed and signs nothing.',
});
const suspend = Type.Boolean({
  description: 'Record selected runs as Suspended and sign them once this is false again.',
});

const deletionGuardType = Type.Enum([...deletionGuardTypes], {
  description:
    'Release lets runs be deleted at any time. Hold keeps a selected run, by a finalizer, until it is stored in all its backends; the TaskRuns of a PipelineRun, until its payload is made.',
});
const deletionTimeoutSeconds = Type.Integer({
  description: 'With Hold: seconds after its deletion that a run is kept at most, whatever fails.',
  minimum: 1,
  maximum: MAX_GUARD_SECONDS,
  format: 'int32',
});

const chainsAnnotations = Type.Boolean({
  description:
    'Annotate a run as Tekton Chains does once its record is Ready and stored: chains.tekton.dev/signed, and chains.tekton.dev/transparency for a log of version 1. Applies to records that are stored from then on.',
});

const recordEvidence = Type.Enum(['Keep', 'UntilStored'], {
  description:
    'Keep leaves the signed payloads in the records. UntilStored drops each payload once all backends hold the evidence and it was read back; it is fetched from a backend again when it is needed. Applies to records that are made from then on.',
});
const retention = Type.Enum(['Keep', 'WithRun', 'Seconds'], {
  description: 'Keep records for ever, until their run is gone, or for a number of seconds after the run finished.',
});
const seconds = Type.Integer({
  description: 'Seconds that a record is kept after its run finished; runs that finished longer ago are out of scope.',
  minimum: 1,
  maximum: 3_153_600_000,
  format: 'int64',
});

/** Fields of a policy's spec that do not depend on its scope. */
export const policySpecFields = {
  runs: Type.Optional(
    Type.Object(
      {
        kinds: Type.Optional(kinds),
        outcomes: Type.Optional(outcomes),
        managedBy: Type.Optional(managedBy),
        finishedAfter: Type.Optional(finishedAfter),
      },
      { description: descriptions.runs },
    ),
  ),
  attestation: Type.Optional(
    Type.Object(
      {
        format: Type.Optional(format),
        buildType: Type.Optional(buildType),
        builderID: Type.Optional(builderID),
        deepInspection: Type.Optional(deepInspection),
        redactParameters: Type.Optional(redactParameters),
      },
      { description: descriptions.attestation },
    ),
  ),
  imageSignatures: Type.Optional(
    Type.Object(
      { formats: Type.Optional(imageFormats), indexChildren: Type.Optional(indexChildren) },
      { description: descriptions.imageSignatures },
    ),
  ),
  children: Type.Optional(
    Type.Object(
      { onMissing: Type.Optional(onMissing), notes: Type.Optional(notes) },
      { description: 'The TaskRuns and nested runs of PipelineRuns.' },
    ),
  ),
  signer: policySigner,
  transparency: Type.Optional(policyTransparency),
  trustedRoot: Type.Optional(policyTrustedRoot),
  mode: Type.Optional(mode),
  suspend: Type.Optional(suspend),
  deletionGuard: Type.Optional(
    Type.Object(
      { type: deletionGuardType, timeoutSeconds: Type.Optional(deletionTimeoutSeconds) },
      { description: descriptions.deletionGuard },
    ),
  ),
  compatibility: Type.Optional(
    Type.Object({ chainsAnnotations: Type.Optional(chainsAnnotations) }, { description: descriptions.compatibility }),
  ),
  record: Type.Optional(
    Type.Object(
      {
        retention: Type.Optional(retention),
        seconds: Type.Optional(seconds),
        evidence: Type.Optional(recordEvidence),
      },
      {
        description: `${descriptions.record} Without a retention: the platform's default, which is a week unless it sets another.`,
        'x-kubernetes-validations': [unionRule('retention', 'Seconds', 'seconds')],
      },
    ),
  ),
};

/** `subjects.onIgnored` of a policy. */
export const onIgnored = Type.Enum(['Warn', 'Refuse'], {
  description:
    'What becomes of a run that announces a subject which cannot be read (a result such as IMAGE_URL without its digest): Warn signs what can be read and says so in the record, Refuse signs nothing of the run.',
});

/** `subjects` of a policy; `minItems` is 1 where repositories are required. */
export function allowedRepositories(description: string, minItems: number) {
  return Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
    description,
    minItems,
    maxItems: 256,
    'x-kubernetes-list-type': 'set',
  });
}

/** `backendRefs` of a policy, for the kinds it may name. */
export function policyBackendRefs<const Kind extends string>(...kinds: readonly Kind[]) {
  return Type.Array(
    Type.Object({
      kind: Type.Enum([...kinds], { description: 'Kind of the backend.' }),
      name: objectName('Name of the backend.'),
    }),
    {
      description: `The backends that evidence goes to. Absent or empty: every ${kinds.join(' and ')} that the policy can use and whose selector takes the run.`,
      maxItems: MAX_BACKENDS,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['kind', 'name'],
    },
  );
}

const effective = Type.Object(
  {
    runs: Type.Object({ kinds, outcomes, managedBy, finishedAfter }, { description: descriptions.runs }),
    attestation: Type.Object(
      { format, buildType, builderID, deepInspection, redactParameters },
      { description: descriptions.attestation },
    ),
    imageSignatures: Type.Object(
      { formats: imageFormats, indexChildren },
      { description: descriptions.imageSignatures },
    ),
    subjects: Type.Optional(
      Type.Object(
        {
          allowedRepositories: allowedRepositories(
            'Globs over whole repository names that subjects may lie in. Empty: any.',
            0,
          ),
          onIgnored,
        },
        { description: 'What runs may claim to have built.' },
      ),
    ),
    mode,
    suspend,
    // Statuses of earlier versions do not have it.
    deletionGuard: Type.Optional(
      Type.Object(
        { type: deletionGuardType, timeoutSeconds: deletionTimeoutSeconds },
        { description: descriptions.deletionGuard },
      ),
    ),
    // Statuses of earlier versions do not have it.
    compatibility: Type.Optional(Type.Object({ chainsAnnotations }, { description: descriptions.compatibility })),
    record: Type.Object(
      {
        retention,
        seconds: Type.Optional(seconds),
        // Statuses of earlier versions do not have it.
        evidence: Type.Optional(recordEvidence),
      },
      { description: descriptions.record },
    ),
  },
  { description: 'The settings in force, with the defaults filled in.' },
);

/** Status of both policy kinds. */
export const policyStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        description: 'metadata.generation that this status was computed from.',
        minimum: 0,
        format: 'int64',
      }),
    ),
    conditions: Type.Optional(conditionList(policyConditionTypes)),
    effective: Type.Optional(effective),
    retiredBefore: Type.Optional(
      Type.String({
        description:
          'Records of runs that finished until then have retired. The operator takes up no such run again, even if the retention changes.',
        format: 'date-time',
      }),
    ),
    publicKey: Type.Optional(
      Type.String({ description: 'Public key (PEM) that the evidence of this policy verifies with.', maxLength: 8192 }),
    ),
    keyID: Type.Optional(Type.String({ description: 'Key id stated in envelopes.', maxLength: 256 })),
    verificationKeys: Type.Optional(
      Type.Array(
        Type.Object({
          keyID: Type.String({ description: 'Key id stated in envelopes.', minLength: 1, maxLength: 256 }),
          publicKey: Type.String({ description: 'Public key (PEM).', minLength: 1, maxLength: 8192 }),
          state: Type.Enum(['Active', 'Retired'], { description: 'Active signs; Retired only verifies.' }),
          notBefore: Type.Optional(
            Type.String({ description: 'Signatures made earlier do not count.', format: 'date-time' }),
          ),
          notAfter: Type.Optional(
            Type.String({ description: 'Signatures made later do not count.', format: 'date-time' }),
          ),
        }),
        {
          description: 'Every key that the evidence of this policy verifies with, the active one first.',
          maxItems: 17,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['keyID'],
        },
      ),
    ),
    certificateIdentity: Type.Optional(
      Type.Object(
        {
          identity: Type.String({ description: 'Whom certificates name.', minLength: 1, maxLength: 2048 }),
          issuer: Type.String({ description: 'OIDC issuer of the identity.', minLength: 1, maxLength: 2048 }),
        },
        { description: 'What certificates of a keyless policy say.' },
      ),
    ),
  },
  { description: 'What the operator found. Written by the operator only.' },
);
