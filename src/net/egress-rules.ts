// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { AddressRanges } from './address-ranges.ts';
import type { ProxySettings } from './proxy/outbound-proxy.ts';
import { type Endpoint, type EndpointRule, isRuleMatch, parseEndpointRule } from './endpoint-rule.ts';

/** The operator's configuration of the egress. Entries: `host`, `host:port`, `address`, `address:port`, `address/prefix`. */
export interface EgressConfiguration {
  /** Lets through what is refused by default. */
  readonly allow?: readonly string[];
  /** Refused besides the defaults; wins over `allow`. */
  readonly deny?: readonly string[];
  /** Absent: every target is reached directly. */
  readonly proxy?: ProxySettings;
}

/** Addresses that no tenant may make the operator connect to: this host, its links, groups, and IPv4 within IPv6 (RFC 6890, RFC 4291). */
const SPECIAL = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // With :: and ::1, and the deprecated form ::127.0.0.1.
  '::/96',
  '::ffff:0:0/96',
  // Teredo.
  '2001::/32',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/** Metadata services of clouds, which serve credentials, where they are not link-local. */
const METADATA_SERVICES = [
  // Alibaba, Oracle, and Azure's wire server.
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  // AWS: metadata (::254) and the agent of EKS Pod Identity (::23) among others; Google; Scaleway.
  'fd00:ec2::/32',
  'fd20:ce::254',
  'fd00:42::42',
] as const;

/** Decides for each resolved address whether a connection may be opened. */
export class EgressRules {
  readonly #allow: readonly EndpointRule[];
  readonly #deny: readonly EndpointRule[];
  readonly #refused = new AddressRanges([...SPECIAL, ...METADATA_SERVICES]);
  /** The proxy, by its name and the addresses that it has now. */
  #proxy: readonly EndpointRule[] = [];

  /** @throws TypeError that quotes the entry which cannot be read. */
  constructor(configuration: EgressConfiguration = {}) {
    this.#allow = (configuration.allow ?? []).map(parseEndpointRule);
    this.#deny = (configuration.deny ?? []).map(parseEndpointRule);
  }

  /** Refuses the proxy itself, whatever is allowed. @param entries `host:port` and `address:port`, in the place of earlier ones */
  refuseProxy(entries: readonly string[]): void {
    this.#proxy = entries.map(parseEndpointRule);
  }

  permits(endpoint: Endpoint): boolean {
    if (this.#isDenied(endpoint)) return false;
    if (this.#allow.some((rule) => isRuleMatch(rule, endpoint))) return true;
    return isIP(endpoint.address) !== 0 && !this.#refused.includes(endpoint.address);
  }

  /** True if a connection to this name is refused whatever it resolves to. */
  deniesName(hostname: string, port: number): boolean {
    return this.#isDenied({ hostname, address: '', port });
  }

  #isDenied(endpoint: Endpoint): boolean {
    return [...this.#proxy, ...this.#deny].some((rule) => isRuleMatch(rule, endpoint));
  }
}
