// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { AddressRanges } from './address-ranges.ts';

/** The target of one connection. `hostname` as in the URL, without brackets; `address` as it resolved. */
export interface Endpoint {
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
}

/** One entry of the configuration: a host, the hosts below one, or addresses; with or without a port. */
export interface EndpointRule {
  readonly hostname?: string;
  /** `.example.com`: every host below it. */
  readonly suffix?: string;
  readonly ranges?: AddressRanges;
  readonly port?: number;
}

const ENTRY = /^(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d{1,5}))?$/;

/**
 * Reads `host`, `host:port`, `*.host`, `address`, `address:port` or `address/prefix`.
 *
 * @throws TypeError that quotes the entry
 */
export function parseEndpointRule(entry: string): EndpointRule {
  if (entry.includes('/') || isIP(entry) === 6) return { ranges: new AddressRanges([entry]) };
  const [, bracketed, plain, portText] = ENTRY.exec(entry) ?? [];
  const host = bracketed ?? plain;
  const port = portText === undefined ? undefined : Number(portText);
  if (host === undefined || (port !== undefined && (port < 1 || port > 65535))) throw unreadable(entry);
  if (bracketed !== undefined && isIP(bracketed) !== 6) throw unreadable(entry);
  return port === undefined ? targetOf(host) : { ...targetOf(host), port };
}

/** True if the rule is about this target. */
export function isRuleMatch(rule: EndpointRule, { hostname, address, port }: Endpoint): boolean {
  if (rule.port !== undefined && rule.port !== port) return false;
  if (rule.ranges !== undefined) return isIP(address) !== 0 && rule.ranges.includes(address);
  const name = normalHostname(hostname);
  return rule.suffix === undefined ? rule.hostname === name : name.endsWith(rule.suffix);
}

function targetOf(host: string): EndpointRule {
  if (host.startsWith('*.')) return { suffix: `.${normalHostname(host.slice(2))}` };
  return isIP(host) === 0 ? { hostname: normalHostname(host) } : { ranges: new AddressRanges([host]) };
}

/** The form in URLs: lower case, other alphabets in punycode, without the dot of the root. */
function normalHostname(hostname: string): string {
  const ascii = domainToASCII(hostname);
  return (ascii === '' ? hostname.toLowerCase() : ascii).replace(/\.$/, '');
}

function unreadable(entry: string): TypeError {
  return new TypeError(`"${entry}" is not host, host:port, address, address:port or address/prefix`);
}
