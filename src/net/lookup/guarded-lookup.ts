// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { currentTenant } from '../../runtime/tenant.ts';
import type { NameLookups } from './name-lookups.ts';
import { EgressError } from '../egress-error.ts';
import type { EgressRules } from '../egress-rules.ts';
import type { ProxyRoute } from '../proxy/proxy-route.ts';

/** The look-ups of names, the rules for their addresses, and the way to them. */
export interface Guard {
  readonly rules: EgressRules;
  readonly lookups: NameLookups;
  /** Absent: every target is reached directly. */
  readonly proxy?: ProxyRoute;
}

/**
 * A name lookup that gives only addresses which the rules permit, asked again for each connection, wherever the addresses come from. The
 * caller must connect to what it gave. The look-up counts for the tenant on whose behalf the connection is opened.
 */
export function guardedLookup({ rules, lookups }: Guard, port: number, signal?: AbortSignal): LookupFunction {
  return (hostname, options, callback) => {
    const family = familyOf(options.family);
    const judge = (found: readonly LookupAddress[]): void => {
      const addresses = found.filter((each) => family === undefined || each.family === family);
      const permitted = addresses.filter(({ address }) => rules.permits({ hostname, address, port }));
      const [first] = permitted;
      if (first === undefined) callback(forbiddenEndpoint(hostname, port), []);
      else if (options.all === true) callback(null, permitted);
      else callback(null, first.address, first.family);
    };
    const asker = { share: currentTenant(), ...(signal === undefined ? {} : { signal }) };
    lookups.lookup(hostname, asker).then(judge, (error: unknown) => {
      callback(error instanceof Error ? error : new Error(String(error)), []);
    });
  };
}

/** The error for an address that the rules refuse. */
export function forbiddenEndpoint(hostname: string, port: number): EgressError {
  const message = `${hostname}:${port} is an address that this operator does not connect to; its administrator can allow it under "outbound.allow"`;
  return new EgressError('EndpointForbidden', message);
}

/** The family that the caller insists on. */
function familyOf(family: number | string | undefined): 4 | 6 | undefined {
  if (family === 4 || family === 'IPv4') return 4;
  return family === 6 || family === 'IPv6' ? 6 : undefined;
}
