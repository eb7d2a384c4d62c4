// SPDX-License-Identifier: Apache-2.0

/** A broker's address. `host` is a name or an address without brackets. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** Parse `host:port` or `[address]:port`, which the schema has checked. */
export function parseBroker(text: string): BrokerAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) };
}

export function brokerName({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
