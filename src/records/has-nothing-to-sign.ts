// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../api/v1alpha1/reasons.ts';
import type { TrustedRecord } from './read-record.ts';

/** True when the run of a record has nothing that its policy signs: the record says so, and is done until the policy changes. */
export function hasNothingToSign({ object: { evidence } }: Pick<TrustedRecord, 'object'>): boolean {
  return (evidence?.artifacts ?? []).length === 0 && evidence?.problem?.reason === reasons.NoSubjects;
}
