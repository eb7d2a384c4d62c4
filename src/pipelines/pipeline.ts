// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { CompiledBackend, PolicyDefinition } from './definitions.ts';

/** A backend that a policy names and that is not in its reach. */
export interface MissingBackend {
  readonly kind: BackendKind;
  readonly name: string;
}

/** One policy as it applies to one namespace, with the backends in its reach there. */
export interface Pipeline {
  readonly policy: PolicyDefinition;
  readonly backends: readonly CompiledBackend[];
  readonly missing: readonly MissingBackend[];
}
