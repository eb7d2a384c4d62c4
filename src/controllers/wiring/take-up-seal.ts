// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { loadSealKey, type SealKey, SealKeyLostError } from '../../records/seal/seal-key.ts';
import { findSealed, whyNotAlone } from '../../records/sealed-records.ts';

const RETRY_MS = 10_000;

export interface TakeUpSealOptions {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'pages'>;
  readonly clock: Clock;
  readonly configuration: Pick<OperatorConfiguration, 'operatorNamespace' | 'watchNamespaces'>;
  /** Called with each new reason why the operator waits, and with undefined once it does not. */
  readonly onWait: (message: string | undefined) => void;
}

/**
 * The key that seals records, once this operator may use it. It waits, and does nothing, while the key is lost that sealed the records
 * which are there, or while they are another operator's.
 */
export async function takeUpSeal(options: TakeUpSealOptions, signal: AbortSignal): Promise<SealKey> {
  let before: string | undefined;
  for (;;) {
    const answer = await look(options, signal);
    const problem = typeof answer === 'string' ? answer : undefined;
    if (problem !== before) options.onWait(problem);
    before = problem;
    if (typeof answer !== 'string') return answer;
    await options.clock.sleep(RETRY_MS, signal);
  }
}

async function look({ client, configuration }: TakeUpSealOptions, signal: AbortSignal): Promise<SealKey | string> {
  const scope = { client, namespaces: configuration.watchNamespaces, signal };
  try {
    const options = { namespace: configuration.operatorNamespace, findSealed: () => findSealed(scope) };
    const key = await loadSealKey(client, options, signal);
    return (await whyNotAlone(key, scope)) ?? key;
  } catch (error) {
    if (error instanceof SealKeyLostError) return error.message;
    throw error;
  }
}
