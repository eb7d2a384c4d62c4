// SPDX-License-Identifier: Apache-2.0
import { freePort } from '../processes/free-port.ts';
import type { Container } from './pod.ts';

/** Container port to the port of 127.0.0.1 that stands in for it: replicas share one machine. */
export type PortMapping = ReadonlyMap<number, number>;

/** Gives out local ports, each once until it is given back. */
export class LocalPorts {
  readonly #taken = new Set<number>();

  async take(container: Container): Promise<PortMapping> {
    const mapping = new Map<number, number>();
    for (const { containerPort } of container.ports ?? []) mapping.set(containerPort, await this.#next());
    return mapping;
  }

  giveBack(mapping: PortMapping): void {
    for (const port of mapping.values()) this.#taken.delete(port);
  }

  async #next(): Promise<number> {
    for (;;) {
      const port = await freePort();
      // One that is given out may not be listened on yet.
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      return port;
    }
  }
}

/** The variables that tell a process its ports: `HALLMARK_PORT_<container port>`. */
export function portVariables(mapping: PortMapping): Record<string, string> {
  return Object.fromEntries([...mapping].map(([port, local]) => [`HALLMARK_PORT_${port}`, String(local)]));
}

/** The local port of a container port, given by number or by name. Throws for a name that the container does not declare. */
export function localPort(container: Container, mapping: PortMapping, port: number | string): number {
  const declared = (container.ports ?? []).find(({ name }) => name === port)?.containerPort;
  const number = declared ?? Number(port);
  if (!Number.isInteger(number)) throw new Error(`container ${container.name} declares no port "${port}"`);
  return mapping.get(number) ?? number;
}
