// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { field, stringField } from '../../../src/json/fields.ts';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import { isListening } from '../processes/is-listening.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

export interface ConnectProxyOptions {
  /** Everybody is let through when absent. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Addresses of names that the proxy alone resolves. */
  readonly names?: Readonly<Record<string, string>>;
}

/** A request as the proxy saw it. */
export interface ProxyRequest {
  readonly method: string;
  /** `host:port`. */
  readonly target: string;
  readonly admitted: boolean;
}

/** goproxy: an HTTP proxy that serves CONNECT, on a port of 127.0.0.1. */
export class ConnectProxy {
  readonly url: URL;
  readonly #process: ManagedProcess;

  private constructor(url: URL, process: ManagedProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Builds the proxy when it is missing, and starts it. */
  static async start(supervisor: Supervisor, { credentials, names }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const port = await freePort();
    const started = supervisor.start({
      name: `connect-proxy-${port}`,
      command: await ensureBinary('connect-proxy'),
      args: ['-address', `127.0.0.1:${port}`, ...(names === undefined ? [] : ['-names', JSON.stringify(names)])],
      env:
        credentials === undefined ? {} : { PROXY_USERNAME: credentials.username, PROXY_PASSWORD: credentials.password },
      graceSeconds: 0,
    });
    await started.untilReady(() => isListening(port));
    return new ConnectProxy(new URL(`http://127.0.0.1:${port}`), started);
  }

  /** Kills it: connections are refused. */
  down(): Promise<unknown> {
    return this.#process.stop(0);
  }

  /** Every request so far. */
  seen(): readonly ProxyRequest[] {
    const lines = readFileSync(this.#process.logPath, 'utf8').split('\n');
    return lines.filter((line) => line.startsWith('{"')).map((line) => requestOf(JSON.parse(line)));
  }
}

function requestOf(line: unknown): ProxyRequest {
  const method = stringField(line, 'method') ?? '';
  return { method, target: stringField(line, 'target') ?? '', admitted: field(line, 'admitted') === true };
}
