// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { AddressRanges } from './address-ranges.ts';

/** The operator's configuration of the egress. Entries: `host`, `host:port`, `address`, `address:port`, `address/prefix`. */
export interface EgressConfiguration {
  /** Lets through what is refused by default. */
  readonly allow?: readonly string[];
  /** Refused besides the defaults; wins over `allow`. */
  readonly deny?: readonly string[];
}

/** The target of one connection. `hostname` as in the URL, without brackets; `address` as it resolved. */
export interface Endpoint {
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
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

interface Rule {
  readonly hostname?: string;
  readonly ranges?: AddressRanges;
  readonly port?: number;
}

/** Decides for each resolved address whether a connection may be opened. */
export class EgressRules {
  readonly #allow: readonly Rule[];
  readonly #deny: readonly Rule[];
  readonly #refused = new AddressRanges([...SPECIAL, ...METADATA_SERVICES]);

  /** @throws TypeError that quotes the entry which cannot be read. */
  constructor(configuration: EgressConfiguration = {}) {
    this.#allow = (configuration.allow ?? []).map(parseRule);
    this.#deny = (configuration.deny ?? []).map(parseRule);
  }

  permits(endpoint: Endpoint): boolean {
    if (this.#deny.some((rule) => isMatch(rule, endpoint))) return false;
    if (this.#allow.some((rule) => isMatch(rule, endpoint))) return true;
    return isIP(endpoint.address) !== 0 && !this.#refused.includes(endpoint.address);
  }
}

function isMatch(rule: Rule, endpoint: Endpoint): boolean {
  if (rule.port !== undefined && rule.port !== endpoint.port) return false;
  if (rule.ranges !== undefined) return isIP(endpoint.address) !== 0 && rule.ranges.includes(endpoint.address);
  return rule.hostname === normalHostname(endpoint.hostname);
}

const ENTRY = /^(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d{1,5}))?$/;

function parseRule(entry: string): Rule {
  if (entry.includes('/') || isIP(entry) === 6) return { ranges: new AddressRanges([entry]) };
  const [, bracketed, plain, portText] = ENTRY.exec(entry) ?? [];
  const host = bracketed ?? plain;
  const port = portText === undefined ? undefined : Number(portText);
  if (host === undefined || (port !== undefined && (port < 1 || port > 65535))) throw unreadable(entry);
  if (bracketed !== undefined && isIP(bracketed) !== 6) throw unreadable(entry);
  const target = isIP(host) === 0 ? { hostname: normalHostname(host) } : { ranges: new AddressRanges([host]) };
  return port === undefined ? target : { ...target, port };
}

/** The form in URLs: lower case, other alphabets in punycode, without the dot of the root. */
function normalHostname(hostname: string): string {
  const ascii = domainToASCII(hostname);
  return (ascii === '' ? hostname.toLowerCase() : ascii).replace(/\.$/, '');
}

function unreadable(entry: string): TypeError {
  return new TypeError(`"${entry}" is not host, host:port, address, address:port or address/prefix`);
}
