// SPDX-License-Identifier: Apache-2.0
import type { ApiClient } from './api-client.ts';
import type { DataSource } from './data-source.ts';
import type { ImageProcess } from './image-process.ts';
import type { LogStore } from './log-store.ts';
import type { LocalPorts } from './local-ports.ts';
import type { PodAddresses } from './pod-addresses.ts';

/** The state that the pods of one agent share. */
export interface NodeContext {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly data: DataSource;
  readonly images: Readonly<Record<string, ImageProcess>>;
  /** The agent's temporary folder: `pods/` and `claims/`. */
  readonly directory: string;
  readonly logs: LogStore;
  readonly ports: LocalPorts;
  readonly addresses: PodAddresses;
  readonly log: (message: string) => void;
}
