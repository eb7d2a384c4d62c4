// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver } from '../../src/storage/driver.ts';
import type { Interruption } from '../../src/storage/contract/interruptions.contract.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';

/** A driver of a server that speaks HTTP, whose connection breaks for good at one request. */
export async function httpInterruption(
  target: string,
  driver: (proxy: FaultProxy) => StorageDriver,
  { request, lost }: { readonly request: number; readonly lost: 'Request' | 'Answer' },
): Promise<Interruption> {
  const proxy = await FaultProxy.start({ target });
  let seen = 0;
  // When an answer is lost, the server has carried out that one request, and receives none of the later ones.
  const isStruck = (): boolean => (seen += 1) > request;
  proxy.fail({ type: lost === 'Answer' ? 'LostAnswer' : 'Reset' }, { when: isStruck });
  return {
    driver: driver(proxy),
    end: async () => {
      await proxy.stop();
      return seen > request;
    },
  };
}
