// SPDX-License-Identifier: Apache-2.0
import { field, listField, stringField } from '../../src/json/fields.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { EnforceBed } from './enforce-bed.ts';

/** Waits until Kyverno has entered the webhook for a team's policy, which is in its namespace unless `where` names another. */
export function untilKyvernoJudges({ cluster }: EnforceBed, namespace: string, where = namespace): Promise<void> {
  return cluster.until(where, `namespacedimagevalidatingpolicy/hallmark-${namespace}.builds`, {
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

/** Waits until policy-controller works with both policies of a team, which it enters into a ConfigMap and reads from there. */
export async function untilPolicyControllerJudges(bed: EnforceBed, namespace: string): Promise<void> {
  const { reference } = await bed.image(`${namespace}/probe`);
  await waitUntil(`unsigned images of ${namespace} are judged`, async () => {
    const { err } = await bed.pod(namespace, reference);
    return ['signature', 'provenance'].every((suffix) => err.includes(`hallmark-${namespace}.builds-${suffix}`));
  });
}
