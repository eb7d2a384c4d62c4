// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Prefixes of NAT64 (RFC 6052, RFC 8215): an IPv4 address follows. */
const TRANSLATED = ['64:ff9b::', '64:ff9b:1::'] as const;

/**
 * A set of IP ranges. An IPv4 range also covers the IPv6 addresses that translate to it (NAT64 64:ff9b::/96 and
 * 64:ff9b:1::/96, 6to4 2002::/16), so that a name server cannot smuggle a forbidden IPv4 address past it. The families are
 * kept in lists of their own, since BlockList compares an IPv4 address with IPv6 rules by mapping it.
 */
export class AddressRanges {
  readonly #four = new BlockList();
  readonly #six = new BlockList();

  /** @param cidrs addresses or `address/prefix`; anything else is a TypeError that quotes it. */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) this.#add(cidr);
  }

  includes(address: string): boolean {
    // Without the zone, as in fe80::1%eth0.
    return isIPv4(address) ? this.#four.check(address, 'ipv4') : this.#six.check(address.replace(/%.*$/s, ''), 'ipv6');
  }

  #add(cidr: string): void {
    const { address, prefix, family } = parseRange(cidr);
    if (family === 6) {
      this.#six.addSubnet(address, prefix, 'ipv6');
      return;
    }
    this.#four.addSubnet(address, prefix, 'ipv4');
    for (const translated of TRANSLATED) this.#six.addSubnet(`${translated}${address}`, 96 + prefix, 'ipv6');
    this.#six.addSubnet(sixToFour(address), 16 + prefix, 'ipv6');
  }
}

function parseRange(cidr: string): { address: string; prefix: number; family: 4 | 6 } {
  const slash = cidr.lastIndexOf('/');
  const address = slash < 0 ? cidr : cidr.slice(0, slash);
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const prefixText = slash < 0 ? String(longest) : cidr.slice(slash + 1);
  const prefix = Number(prefixText);
  if (family !== 4 && family !== 6) throw new TypeError(`"${cidr}" is not an IP address or range`);
  if (!/^\d{1,3}$/.test(prefixText) || prefix > longest) throw new TypeError(`"${cidr}" has no valid prefix length`);
  return { address, prefix, family };
}

function sixToFour(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`;
}
