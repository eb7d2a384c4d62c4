// SPDX-License-Identifier: Apache-2.0
import { numberField, objectField, stringField } from '../../json/fields.ts';
import { parseMetadata } from '../object-metadata.ts';
import type { Resource } from '../resource.ts';

/** The content of a Lease (coordination.k8s.io/v1). */
export interface LeaseRecord {
  readonly name: string;
  /** Opaque; the version a replacement must name. */
  readonly resourceVersion: string;
  /** Empty when it has no holder. */
  readonly holder: string;
  readonly leaseDurationSeconds: number;
  /** Written by the holder's clock: compared for equality only. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly transitions: number;
}

export const LEASES: Resource<LeaseRecord> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
  parse: (object) => {
    const spec = objectField(object, 'spec');
    const { name, resourceVersion } = parseMetadata(object);
    return {
      name,
      resourceVersion,
      holder: stringField(spec, 'holderIdentity') ?? '',
      leaseDurationSeconds: numberField(spec, 'leaseDurationSeconds') ?? 0,
      renewTime: stringField(spec, 'renewTime') ?? '',
      acquireTime: stringField(spec, 'acquireTime') ?? '',
      transitions: numberField(spec, 'leaseTransitions') ?? 0,
    };
  },
};

/** `metav1.MicroTime`: six digits of a second, of which ours knows three. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
