// SPDX-License-Identifier: Apache-2.0
import { objectField, stringField, stringMapField } from '../json/fields.ts';
import { KubeError } from './kube-error.ts';

/** The part of `metav1.ObjectMeta` that every object read from the API server has. */
export interface ObjectMetadata {
  readonly name: string;
  /** Absent for kinds without namespaces. */
  readonly namespace?: string;
  readonly uid: string;
  /** Opaque: compared for equality only. */
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339; empty when the server did not say. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
}

/** The metadata of a decoded object, or undefined when it lacks a name, UID or resourceVersion. */
export function objectMetadata(object: unknown): ObjectMetadata | undefined {
  const metadata = objectField(object, 'metadata');
  const name = stringField(metadata, 'name');
  const uid = stringField(metadata, 'uid');
  const resourceVersion = stringField(metadata, 'resourceVersion');
  if (name === undefined || uid === undefined || resourceVersion === undefined) return undefined;
  const namespace = stringField(metadata, 'namespace');
  const deletionTimestamp = stringField(metadata, 'deletionTimestamp');
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    resourceVersion,
    labels: stringMapField(metadata, 'labels'),
    annotations: stringMapField(metadata, 'annotations'),
    creationTimestamp: stringField(metadata, 'creationTimestamp') ?? '',
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
}

/** Like `objectMetadata`, for `Resource.parse`: throws a KubeError on an object without usable metadata. */
export function parseMetadata(object: unknown): ObjectMetadata {
  const metadata = objectMetadata(object);
  if (metadata !== undefined) return metadata;
  throw new KubeError({
    status: 0,
    reason: 'MalformedResponse',
    message: 'the API server sent an object without metadata',
  });
}
