// SPDX-License-Identifier: Apache-2.0
import type { SigningSource } from './signing-source.ts';

/** A source that is loaded with the first thing asked of it, so that a cluster that does not use it pays no memory for it. */
export function lazySource(load: () => Promise<SigningSource>): SigningSource {
  let loaded: Promise<SigningSource> | undefined;
  const source = (): Promise<SigningSource> => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
  return {
    signer: async (signal) => (await source()).signer(signal),
    check: async (signal) => (await source()).check(signal),
    close: async () => {
      await (await loaded)?.close();
    },
  };
}
