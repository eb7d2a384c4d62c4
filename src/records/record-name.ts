// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';

/** Crockford's alphabet in lower case: no letter that reads as a digit, none that a DNS label refuses. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const HASH_LENGTH = 10;
const LONGEST_NAME = 63;

export interface PolicyIdentity {
  readonly kind: string;
  /** The policy's namespace; empty for a cluster policy. */
  readonly namespace: string;
  readonly name: string;
}

/**
 * The name of the only record of a run and a policy: the run's name, shortened to fit a DNS label, and a hash of the run's UID and the
 * policy's kind, namespace and name. It is the same on every replica and after every restart.
 */
export function recordName(run: { readonly name: string; readonly uid: string }, policy: PolicyIdentity): string {
  const identity = JSON.stringify([run.uid, policy.kind, policy.namespace, policy.name]);
  // One character a byte, which is made in half the time of a buffer.
  const digest = hash('sha256', identity, { outputEncoding: 'binary' });
  let suffix = '';
  for (let index = 0; index < HASH_LENGTH; index += 1) suffix += ALPHABET.charAt(digest.charCodeAt(index) % 32);
  const stem = run.name.slice(0, LONGEST_NAME - HASH_LENGTH - 1).replace(/[-.]+$/, '');
  return `${stem}-${suffix}`;
}

/** The name of the run, where it was not shortened, in the name or key of its record. */
export function runNameIn(recordName: string): string {
  return recordName.slice(recordName.indexOf('/') + 1, -(HASH_LENGTH + 1));
}
