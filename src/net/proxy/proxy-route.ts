// SPDX-License-Identifier: Apache-2.0
import { isIP, type Socket } from 'node:net';
import { currentTenant } from '../../runtime/tenant.ts';
import { EgressError } from '../egress-error.ts';
import type { EgressRules } from '../egress-rules.ts';
import { type EndpointRule, isRuleMatch, parseEndpointRule } from '../endpoint-rule.ts';
import { forbiddenEndpoint } from '../lookup/guarded-lookup.ts';
import { asciiName, type NameLookups } from '../lookup/name-lookups.ts';
import { OutboundProxy, type ProxySettings } from './outbound-proxy.ts';
import { ProxyError } from './proxy-error.ts';

/** A target that a tenant named. */
export interface ProxyTarget {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The caller speaks TLS on the connection. */
  readonly isEncrypted: boolean;
}

export interface ProxyRouteOptions {
  readonly settings: ProxySettings;
  readonly rules: EgressRules;
  readonly lookups: NameLookups;
}

/**
 * Leads connections through the administrator's proxy. The rules hold for what the operator can see: with `Operator` it resolves each name,
 * checks the addresses and asks for one of them; with `Proxy` it asks for the name, and checks the addresses only if it finds some.
 */
export class ProxyRoute {
  readonly #rules: EgressRules;
  readonly #lookups: NameLookups;
  readonly #proxy: OutboundProxy;
  readonly #direct: readonly EndpointRule[];
  readonly #resolvesHere: boolean;

  constructor({ settings, rules, lookups }: ProxyRouteOptions) {
    this.#rules = rules;
    this.#lookups = lookups;
    this.#proxy = new OutboundProxy(settings, lookups);
    this.#direct = settings.noProxy.map(parseEndpointRule);
    this.#resolvesHere = settings.nameResolution === 'Operator';
  }

  /**
   * Opens a connection through the proxy.
   *
   * @returns undefined if the target is to be reached directly, under the rules
   * @throws EgressError, or the signal's reason
   */
  async open(target: ProxyTarget, signal: AbortSignal): Promise<Socket | undefined> {
    const { port } = target;
    const hostname = nameOf(target);
    if (port === this.#proxy.port) await this.#refuseProxy(signal);
    const isRefusedLiteral = isIP(hostname) !== 0 && !this.#rules.permits({ hostname, address: hostname, port });
    if (isRefusedLiteral || this.#rules.deniesName(hostname, port)) throw forbiddenEndpoint(target.hostname, port);
    if (this.#isDirect(target, hostname)) return undefined;
    const addresses = await this.#addresses(hostname, signal);
    const permitted = addresses.filter((address) => this.#rules.permits({ hostname, address, port }));
    if (this.#isForbidden(addresses, permitted)) throw forbiddenEndpoint(target.hostname, port);
    if (permitted.some((address) => this.#isDirect(target, address))) return undefined;
    if (!target.isEncrypted) throw this.#plain(target);
    if (!this.#resolvesHere) return this.#proxy.connect(authorityOf(hostname, port), signal);
    return this.#connectToOne(firstOfEachFamily(permitted), port, signal);
  }

  /** The proxy may reach only one of the families. @throws the failure of the first address */
  async #connectToOne(
    [address = '', ...others]: readonly string[],
    port: number,
    signal: AbortSignal,
  ): Promise<Socket> {
    try {
      return await this.#proxy.connect(authorityOf(address, port), signal);
    } catch (error) {
      const isLast = others.length === 0 || !(error instanceof ProxyError && error.isAboutAddress);
      if (isLast) throw error;
      return await this.#connectToOne(others, port, signal).catch(() => {
        signal.throwIfAborted();
        throw error;
      });
    }
  }

  /** A name of a team may lead to the proxy too, so its addresses of now are refused: through it as well as directly. */
  async #refuseProxy(signal: AbortSignal): Promise<void> {
    const { name, port } = this.#proxy;
    const addresses = await this.#proxy.addresses(signal);
    this.#rules.refuseProxy([name, ...addresses.map((address) => authorityOf(address, port))]);
  }

  #isDirect({ hostname, port }: ProxyTarget, address: string): boolean {
    return this.#direct.some((rule) => isRuleMatch(rule, { hostname, address, port }));
  }

  /** The proxy may choose any of the addresses of a name that it resolves, so none may be forbidden. */
  #isForbidden(found: readonly string[], permitted: readonly string[]): boolean {
    return this.#resolvesHere ? permitted.length === 0 : permitted.length < found.length;
  }

  /** Empty where only the proxy knows the name. */
  async #addresses(hostname: string, signal: AbortSignal): Promise<readonly string[]> {
    if (isIP(hostname) !== 0) return [hostname];
    try {
      const found = await this.#lookups.lookup(hostname, { share: currentTenant(), signal });
      return found.map(({ address }) => address);
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#resolvesHere) return [];
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown failure';
      const remedy =
        'if only the proxy can resolve it, the administrator sets "outbound.proxy.nameResolution" to Proxy';
      throw new ProxyError('Unreachable', `${hostname} cannot be resolved: ${code}; ${remedy}`, { cause: error });
    }
  }

  #plain({ hostname, port }: ProxyTarget): EgressError {
    const remedy = 'use TLS, or have the administrator list it under "outbound.proxy.noProxy"';
    const message = `${hostname}:${port} is not reached without TLS through the proxy ${this.#proxy.name}, which would read the credentials: ${remedy}`;
    return new EgressError('EndpointForbidden', message);
  }
}

/** The name as it is looked up and asked for. Servers announce names too, and may write anything into them. */
function nameOf({ hostname, port }: ProxyTarget): string {
  try {
    return isIP(hostname) === 0 ? asciiName(hostname) : hostname;
  } catch (cause) {
    throw new EgressError('Unreachable', `${JSON.stringify(hostname)}:${port} is not the name of a host`, { cause });
  }
}

function firstOfEachFamily(addresses: readonly string[]): readonly string[] {
  return addresses.filter((address, index) => addresses.findIndex((each) => isIP(each) === isIP(address)) === index);
}

function authorityOf(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
