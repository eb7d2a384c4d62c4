// SPDX-License-Identifier: Apache-2.0
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { Location } from './stored-evidence.ts';

/** Stores that lose evidence by design, and the scheme of their locations: annotations go with their run, messages with their topic's retention. */
const passing = { Tekton: 'tekton:', Kafka: 'kafka:' } as const;

/** True for backends that keep what they are given, and can give it back at any time. */
export function isLastingBackend({ type }: Pick<EffectiveStorageBackendSpec, 'type'>): boolean {
  return !Object.hasOwn(passing, type);
}

/** True for a location in such a backend. */
export function isLastingLocation({ uri }: Location): boolean {
  return !Object.values(passing).some((scheme) => uri.startsWith(scheme));
}
