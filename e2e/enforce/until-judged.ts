// SPDX-License-Identifier: Apache-2.0
import { field, listField, stringField } from '../../src/json/fields.ts';
import type { EnforceBed } from './enforce-bed.ts';

/** Waits until Kyverno has entered the webhook for a team's policy. */
export function untilKyvernoJudges({ cluster }: EnforceBed, namespace: string): Promise<void> {
  return cluster.until(namespace, `namespacedimagevalidatingpolicy/hallmark-${namespace}.builds`, {
    condition: 'is entered in the webhook',
    isMet: (policy) => {
      const conditions = listField(field(field(policy, 'status'), 'conditionStatus'), 'conditions');
      return conditions.some(
        (condition) =>
          stringField(condition, 'type') === 'WebhookConfigured' && stringField(condition, 'status') === 'True',
      );
    },
  });
}
