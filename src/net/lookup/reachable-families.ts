// SPDX-License-Identifier: Apache-2.0
import type { NetworkInterfaceInfo } from 'node:os';

type Interfaces = Readonly<
  Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>[] | undefined>
>;

/** The families of addresses that this machine has beyond its own links, IPv4 first; both where it has none. */
export function reachableFamilies(interfaces: Interfaces): readonly (4 | 6)[] {
  const outer = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, internal }) => !internal && !/^fe80:/i.test(address));
  const families = ([4, 6] as const).filter((family) => outer.some((each) => each.family === `IPv${family}`));
  return families.length === 0 ? [4, 6] : families;
}
