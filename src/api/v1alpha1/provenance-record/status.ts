// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { conditionList } from '../condition.ts';
import type { Immutable } from '../fields/immutable.ts';
import { enumSet } from '../fields/string-set.ts';
import { MAX_ARTIFACTS } from './evidence.ts';
import { backendKind, MAX_BACKENDS } from './spec.ts';

export const recordConditionTypes = [
  'Ready',
  'Complete',
  'Signed',
  'Logged',
  'Stored',
  'Verified',
  'RunAnnotated',
  'Reconciling',
  'Stalled',
] as const;

const MAX_MESSAGE_LENGTH = 4096;

const location = Type.Object({
  uri: Type.String({ description: 'Where it is stored.', minLength: 1, maxLength: 2048 }),
  digest: Type.Optional(Type.String({ description: 'Digest of what was written there.', maxLength: 256 })),
  artifact: Type.Optional(Type.String({ description: 'Name of the artifact that is stored there.', maxLength: 63 })),
});

const storageEntry = Type.Object({
  backendRef: Type.Object(
    {
      kind: backendKind,
      name: Type.String({ description: 'Name of the backend.', minLength: 1, maxLength: 253 }),
    },
    { description: 'The backend.' },
  ),
  state: Type.Enum(['Pending', 'Stored', 'Failed', 'NotApplicable'], {
    description: 'Pending is retried; Failed waits for a change; NotApplicable can hold nothing of the record.',
  }),
  artifacts: Type.Optional(
    enumSet(['Attestation', 'ImageSignature'], {
      description: 'Types of artifacts that this backend has been given, all of each that the record has.',
      minItems: 1,
    }),
  ),
  locations: Type.Optional(
    Type.Array(location, {
      description: 'Where the evidence is stored.',
      maxItems: 1024,
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  missing: Type.Optional(
    Type.Array(Type.String({ description: 'Name of an artifact.', maxLength: 63 }), {
      description:
        'The artifacts that are not all there: tried again while Pending, without a place here otherwise. Absent where the status has no room for their names.',
      maxItems: MAX_ARTIFACTS,
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  unlistedLocations: Type.Optional(
    Type.Integer({
      description:
        'How many further locations there are that the status had no room for: read back when they were written, and not again.',
      minimum: 1,
      format: 'int32',
    }),
  ),
  reason: Type.Optional(Type.String({ description: 'Why, as one word of docs/reasons.md.', maxLength: 64 })),
  message: Type.Optional(Type.String({ description: 'Why, for people.', maxLength: MAX_MESSAGE_LENGTH })),
  storedTime: Type.Optional(Type.String({ description: 'When all of it was stored.', format: 'date-time' })),
  attempts: Type.Optional(
    Type.Integer({ description: 'How often storing has failed since it last went well.', minimum: 0, format: 'int32' }),
  ),
  nextAttemptTime: Type.Optional(
    Type.String({
      description: 'When it is tried again, at the latest; absent while it waits for something else.',
      format: 'date-time',
    }),
  ),
  isBackfill: Type.Optional(
    Type.Boolean({ description: 'Asked for after the record was made: not one of spec.backendRefs.' }),
  ),
  verification: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['Verified', 'Failed'], { description: 'What reading back what was stored found.' }),
        message: Type.Optional(Type.String({ description: 'What is wrong.', maxLength: MAX_MESSAGE_LENGTH })),
      },
      {
        description: 'Whether the stored evidence equals what was signed, and verifies. Absent until it is read back.',
      },
    ),
  ),
});

/** Schema of a ProvenanceRecord's status. */
export const provenanceRecordStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        description: 'metadata.generation that this status was computed from.',
        minimum: 0,
        format: 'int64',
      }),
    ),
    conditions: Type.Optional(conditionList(recordConditionTypes)),
    storage: Type.Optional(
      Type.Array(storageEntry, {
        description: 'One entry for each backend of spec.backendRefs, and for those that were asked for later.',
        maxItems: 2 * MAX_BACKENDS,
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    stored: Type.Optional(
      Type.String({
        description: 'Backends that hold the evidence, of those it is promised to that have a place for it: 2/3.',
        maxLength: 16,
      }),
    ),
    subjects: Type.Optional(
      Type.Integer({ description: 'How many subjects the evidence has.', minimum: 0, format: 'int32' }),
    ),
    warnings: Type.Optional(
      Type.Integer({
        description: 'How many warnings the evidence carries; the condition Complete has the first that matters.',
        minimum: 0,
        format: 'int32',
      }),
    ),
    reason: Type.Optional(Type.String({ description: 'Reason of the condition Ready.', maxLength: 64 })),
    message: Type.Optional(
      Type.String({ description: 'Message of the condition Ready.', maxLength: MAX_MESSAGE_LENGTH }),
    ),
    seal: Type.Optional(
      Type.String({
        description: 'HMAC over the storage state with a key that only the operator holds.',
        minLength: 1,
        maxLength: 256,
      }),
    ),
  },
  { description: 'How far storing is. Written by the operator only.' },
);

export type ProvenanceRecordStatus = Immutable<Static<typeof provenanceRecordStatus>>;
export type StorageEntry = NonNullable<ProvenanceRecordStatus['storage']>[number];
