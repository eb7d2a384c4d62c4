// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { SigningError } from '../../src/signing/signing-error.ts';
import type { SigningReason } from '../../src/signing/signing-error.ts';
import type { Fault } from '../testbed/fault-proxy/fault.ts';

/** Faults that every signing service can have, by name; each makes the signer unavailable, and none makes it sign wrongly. */
export const serviceFaults: Readonly<Record<string, Fault>> = {
  'answers 500': { type: 'Status', status: 500 },
  'answers 503': { type: 'Status', status: 503 },
  'answers with garbage': { type: 'Garbage' },
  'answers without end': { type: 'Endless' },
  'breaks off its answer': { type: 'Truncated' },
  'answers with half a document': { type: 'Halved' },
  'redirects in circles': { type: 'RedirectLoop' },
  'redirects elsewhere': { type: 'Redirect', location: 'http://127.0.0.1:1/elsewhere' },
  'hangs up': { type: 'Reset' },
  'does not answer': { type: 'Hang' },
};

/** The SigningError that a promise rejects with, for this reason, and which shows none of the secrets. */
export async function signingFailure(
  promise: Promise<unknown>,
  reason: SigningReason,
  secrets: readonly string[],
): Promise<SigningError> {
  const error: unknown = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof SigningError, inspect(error));
  const shown = `${inspect(error, { depth: 12, showHidden: true })} ${JSON.stringify(error)} ${error.stack ?? ''}`;
  assert.equal(error.reason, reason, error.message);
  for (const secret of secrets) assert.ok(!shown.includes(secret), `${shown} shows a secret`);
  return error;
}
