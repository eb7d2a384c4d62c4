// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../src/storage/driver.ts';
import type { Interruption } from '../../src/storage/contract/interruptions.contract.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';

/**
 * From now on the proxy lets `request` requests through, loses the next one or its answer, and everything after it: what a server sees
 * of an operator that dies between two requests. @returns tells whether that request came
 */
export function breakAt(proxy: FaultProxy, request: number, lost: 'Request' | 'Answer'): () => boolean {
  let seen = 0;
  let came = false;
  const isNow = (): boolean => {
    seen += 1;
    if (seen <= request) return false;
    came = true;
    // Later requests do not reach the server.
    queueMicrotask(() => {
      proxy.fail({ type: 'Reset' });
    });
    return true;
  };
  proxy.fail({ type: lost === 'Request' ? 'Reset' : 'LostAnswer' }, { when: isNow });
  return () => came;
}

/** `interrupted` of the drivers' contract for a server that speaks HTTP: the driver reaches `target` through a proxy of its own. */
export async function interruptedDriver(
  target: string,
  makeDriver: (proxy: FaultProxy) => StorageDriver,
  at: { readonly request: number; readonly lost: 'Request' | 'Answer' },
): Promise<Interruption> {
  const proxy = await FaultProxy.start({ target });
  const came = breakAt(proxy, at.request, at.lost);
  return {
    driver: makeDriver(proxy),
    end: async () => {
      await proxy.stop();
      return came();
    },
  };
}
