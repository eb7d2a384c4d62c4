// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { archivista } from '../backend-types/archivista.ts';
import { dynamodb } from '../backend-types/dynamodb.ts';
import { firestore } from '../backend-types/firestore.ts';
import { gcs } from '../backend-types/gcs.ts';
import { grafeas } from '../backend-types/grafeas.ts';
import { kafka } from '../backend-types/kafka.ts';
import { mongodb } from '../backend-types/mongodb.ts';
import { oci } from '../backend-types/oci.ts';
import { s3 } from '../backend-types/s3.ts';
import { unionRule } from '../fields/cel-rule.ts';
import { conditionList } from '../condition.ts';
import { field } from '../../../json/fields.ts';
import { enumSet } from '../fields/string-set.ts';

/** Fields of both StorageBackend and ClusterStorageBackend, independent of the scope. */
export const backendConditionTypes = ['Ready', 'Reconciling', 'Stalled'] as const;

const NAMED_STORES = ['GCS', 'S3', 'MongoDB', 'Firestore', 'DynamoDB', 'Kafka'];

/**
 * Annotation names have no room for a policy, registries keep the layers of every policy, and content addresses need no
 * names.
 */
const perPolicyKeys: CelRule = {
  rule: `!has(self.keys) || self.keys != 'PerPolicy' || self.type in [${NAMED_STORES.map((type) => `'${type}'`).join(', ')}]`,
  message: `keys: PerPolicy is for the types ${NAMED_STORES.join(', ')}`,
  holds: (self) => field(self, 'keys') !== 'PerPolicy' || NAMED_STORES.includes(String(field(self, 'type'))),
};

/** Rules for the spec of a backend: exactly the member of its type is set. */
export const backendSpecRules: readonly CelRule[] = [
  perPolicyKeys,
  unionRule('type', 'OCI', 'oci'),
  unionRule('type', 'GCS', 'gcs'),
  unionRule('type', 'S3', 's3'),
  unionRule('type', 'MongoDB', 'mongodb'),
  unionRule('type', 'Firestore', 'firestore'),
  unionRule('type', 'DynamoDB', 'dynamodb'),
  unionRule('type', 'Grafeas', 'grafeas'),
  unionRule('type', 'Archivista', 'archivista'),
  unionRule('type', 'Kafka', 'kafka'),
];

/** Every type of backend, in the order of the documentation. */
export const backendTypes = [
  'Tekton',
  'OCI',
  'GCS',
  'S3',
  'MongoDB',
  'Firestore',
  'DynamoDB',
  'Grafeas',
  'Archivista',
  'Kafka',
] as const;

/** Fields of a backend's spec that do not depend on its scope. */
export const backendSpecFields = {
  type: Type.Enum([...backendTypes], {
    description:
      'Where evidence goes: Tekton writes annotations on the run, OCI writes to the registry of the image; the others write to the service of that name.',
  }),
  artifacts: Type.Optional(
    enumSet(['Attestation', 'ImageSignature'], { description: 'Kinds of evidence it takes.', minItems: 1 }),
  ),
  keys: Type.Optional(
    Type.Enum(['Reference', 'PerPolicy'], {
      description:
        'Names of what is stored: Reference as Tekton Chains writes them, so that two policies can meet under one; PerPolicy with a hash of the policy behind each.',
    }),
  ),
  oci: Type.Optional(oci),
  gcs: Type.Optional(gcs),
  s3: Type.Optional(s3),
  mongodb: Type.Optional(mongodb),
  firestore: Type.Optional(firestore),
  dynamodb: Type.Optional(dynamodb),
  grafeas: Type.Optional(grafeas),
  archivista: Type.Optional(archivista),
  kafka: Type.Optional(kafka),
};

/** Status of both backend kinds. */
export const backendStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        description: 'metadata.generation that this status was computed from.',
        minimum: 0,
        format: 'int64',
      }),
    ),
    conditions: Type.Optional(conditionList(backendConditionTypes)),
  },
  { description: 'What the operator found. Written by the operator only.' },
);
