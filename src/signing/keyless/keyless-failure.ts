// SPDX-License-Identifier: Apache-2.0
import { callFailure } from '../call-failure.ts';
import type { SigningError } from '../signing-error.ts';

const texts = {
  unreadable: 'the operator may not read the ConfigMap of caBundleRef: grant its ServiceAccount get on it',
  missing: 'the API server does not give what the policy names; it is tried again',
  unknown: 'no certificate could be had; it is tried again',
} as const;

/** Translates a failure to get a certificate. */
export function keylessFailure(error: unknown): SigningError {
  return callFailure(error, texts);
}
