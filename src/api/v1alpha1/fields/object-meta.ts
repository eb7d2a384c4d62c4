// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';

const clusterMeta = {
  name: Type.String(),
  uid: Type.String(),
  resourceVersion: Type.String(),
  generation: Type.Integer(),
  creationTimestamp: Type.String({ format: 'date-time' }),
  deletionTimestamp: Type.Optional(Type.String({ format: 'date-time' })),
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  finalizers: Type.Optional(Type.Array(Type.String())),
};

/** Metadata of a stored cluster-scoped object; the fields that the API server always sets are required. */
export const clusterObjectMeta = Type.Object(clusterMeta);

/** Metadata of a stored namespaced object. */
export const namespacedObjectMeta = Type.Object({ ...clusterMeta, namespace: Type.String() });
