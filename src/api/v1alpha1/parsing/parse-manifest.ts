// SPDX-License-Identifier: Apache-2.0
import type { CelRule } from '../fields/cel-rule.ts';
import { field, has } from '../../../json/fields.ts';
import { labelMap } from '../fields/label-selector.ts';
import { objectName } from '../fields/object-name.ts';
import Type, { type Static } from 'typebox';
import { clusterSigningPolicySchema } from '../cluster-signing-policy/schema.ts';
import { clusterStorageBackendSchema } from '../cluster-storage-backend/schema.ts';
import { API_VERSION, GROUP } from '../group-version.ts';
import type { Immutable } from '../fields/immutable.ts';
import { isKindName, kinds } from '../kinds.ts';
import type { FieldError } from './field-error.ts';
import { policyCeilingSchema } from '../policy-ceiling/schema.ts';
import { provenanceRecordSchema } from '../provenance-record/schema.ts';
import { signingPolicySchema } from '../signing-policy/schema.ts';
import { storageBackendSchema } from '../storage-backend/schema.ts';
import { unknownFields } from './unknown-fields.ts';
import { validator, type Validated } from './validator.ts';

const named: CelRule = {
  rule: 'has(self.name) || has(self.generateName)',
  message: 'name must be set',
  holds: (self) => has(self, 'name') || has(self, 'generateName'),
};

const anything = Type.Optional(Type.Unknown());

/** Metadata in a file: the fields of the author are checked, the fields of the API server are allowed. */
const manifestMeta = Type.Object(
  {
    name: Type.Optional(objectName('Name of the object.')),
    generateName: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    namespace: Type.Optional(objectName('Namespace of the object.')),
    labels: Type.Optional(labelMap('Labels of the object.', 4096)),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
    finalizers: anything,
    ownerReferences: anything,
    uid: anything,
    resourceVersion: anything,
    generation: anything,
    creationTimestamp: anything,
    deletionTimestamp: anything,
    deletionGracePeriodSeconds: anything,
    managedFields: anything,
    selfLink: anything,
  },
  { 'x-kubernetes-validations': [named] },
);

const manifestSchemas = {
  SigningPolicy: Type.Object({ ...signingPolicySchema.properties, metadata: manifestMeta }),
  StorageBackend: Type.Object({ ...storageBackendSchema.properties, metadata: manifestMeta }),
  ClusterSigningPolicy: Type.Object({ ...clusterSigningPolicySchema.properties, metadata: manifestMeta }),
  ClusterStorageBackend: Type.Object({ ...clusterStorageBackendSchema.properties, metadata: manifestMeta }),
  PolicyCeiling: Type.Object({ ...policyCeilingSchema.properties, metadata: manifestMeta }),
  ProvenanceRecord: Type.Object({ ...provenanceRecordSchema.properties, metadata: manifestMeta }),
};

const validators = {
  SigningPolicy: validator(manifestSchemas.SigningPolicy),
  StorageBackend: validator(manifestSchemas.StorageBackend),
  ClusterSigningPolicy: validator(manifestSchemas.ClusterSigningPolicy),
  ClusterStorageBackend: validator(manifestSchemas.ClusterStorageBackend),
  PolicyCeiling: validator(manifestSchemas.PolicyCeiling),
  ProvenanceRecord: validator(manifestSchemas.ProvenanceRecord),
};

type ManifestSchemas = typeof manifestSchemas;

/** An object as its author writes it, discriminated by `kind`. */
export type Manifest = {
  [Kind in keyof ManifestSchemas]: Immutable<Static<ManifestSchemas[Kind]>>;
}[keyof ManifestSchemas];

/** True when a document belongs to the group, in any version or kind. */
export function isOfGroup(document: unknown): boolean {
  const apiVersion = field(document, 'apiVersion');
  return typeof apiVersion === 'string' && apiVersion.split('/')[0] === GROUP;
}

/**
 * Parse a document from a file as strictly as `kubectl apply` does: refuse unknown fields in addition to everything
 * that the parsers of stored objects refuse. Reports every problem, not only the first.
 */
export function parseManifest(document: unknown): Validated<Manifest> {
  const kind = field(document, 'kind');
  if (field(document, 'apiVersion') !== API_VERSION) return problem('apiVersion', `must be ${API_VERSION}`);
  if (!isKindName(kind)) return problem('kind', `must be ${Object.keys(kinds).join(' or ')}`);
  const result: Validated<Manifest> = validators[kind](document);
  const unknown = unknownFields(manifestSchemas[kind], document);
  if (unknown.length === 0) return result;
  return { ok: false, problems: [...unknown, ...(result.ok ? [] : result.problems)] };
}

function problem(path: string, message: string): { readonly ok: false; readonly problems: readonly FieldError[] } {
  return { ok: false, problems: [{ path, message }] };
}
