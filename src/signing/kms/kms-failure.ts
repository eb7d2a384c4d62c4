// SPDX-License-Identifier: Apache-2.0
import { callFailure } from '../call-failure.ts';
import type { SigningError } from '../signing-error.ts';

const texts = {
  unreadable:
    'the operator may not read the Secret or ConfigMap that the policy names: grant its ServiceAccount get on it',
  missing: 'the API server does not give the objects that the policy names; it is tried again',
  unknown: 'its service cannot be reached or gives an answer that is not understood; it is tried again',
} as const;

/** Translates a failed call to a key's service. */
export function kmsFailure(error: unknown, uri: string): SigningError {
  return callFailure(error, texts, `key ${uri}: `);
}
