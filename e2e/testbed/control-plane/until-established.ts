// SPDX-License-Identifier: Apache-2.0
import { CommandFailed } from '../processes/run-command.ts';
import { GaveUp, waitUntil } from '../processes/wait-until.ts';

/** Runs kubectl with these arguments. */
export type Kubectl = (args: readonly string[]) => Promise<unknown>;

/**
 * Waits until CRDs are established. `crds` are the arguments of `kubectl wait` that name them.
 * The conditions of a CRD are null at first, and `kubectl wait` fails at once on these: it is asked again.
 */
export async function untilEstablished(kubectl: Kubectl, crds: readonly string[]): Promise<void> {
  await waitUntil('the conditions of the CRDs are written', async () => {
    try {
      await kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...crds]);
      return true;
    } catch (error) {
      if (error instanceof CommandFailed && error.stderr.includes('accessor error')) return false;
      throw new GaveUp('the CRDs are not established', { cause: error });
    }
  });
}
