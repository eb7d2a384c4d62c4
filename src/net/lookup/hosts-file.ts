// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';

/** The addresses that a file like /etc/hosts gives a name, in its order. @see hosts(5) */
export function addressesInHosts(text: string, name: string): readonly LookupAddress[] {
  const wanted = name.replace(/\.$/, '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    return family !== 0 && names.some((other) => other.toLowerCase() === wanted) ? [{ address, family }] : [];
  });
}
