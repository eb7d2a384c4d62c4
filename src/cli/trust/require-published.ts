// SPDX-License-Identifier: Apache-2.0
import { UncheckedError, UsageError } from '../cli-error.ts';
import type { PublishedPolicy } from './published-policy.ts';

/** Requires that the status is about the spec as it is now: the keys and the repositories of two versions do not belong together. @throws UncheckedError */
export function requireTakenUp({ description, generation, status }: PublishedPolicy): void {
  const { observedGeneration } = status;
  if (generation === undefined || observedGeneration === undefined || observedGeneration >= generation) return;
  throw new UncheckedError(
    `${description} was changed, and the operator has not taken that up yet (generation ${generation}, observed ${observedGeneration}): ` +
      'print this again once it has',
  );
}

/** Requires that a SigningPolicy has a namespace, and is of the one that was asked for. @throws UsageError */
export function requireNamespace(
  { kind, name, description, namespace }: PublishedPolicy,
  asked: string | undefined,
): void {
  if (kind !== 'SigningPolicy') return;
  if (namespace === undefined) throw new UsageError(`${kind} ${name} names no namespace: pass it with -n`);
  if (asked !== undefined && asked !== namespace)
    throw new UsageError(`${description} is not of namespace ${asked}, which -n names`);
}
