// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * An HTTP server that answers lists and watches by a script: what no real API server can be made to do on demand. Each request
 * takes the next reply of its kind; when none is left, lists repeat the last one and watches stay open and silent.
 */
export class ScriptedAPIServer {
  readonly requests: URL[] = [];
  readonly #server: Server;
  readonly #lists: Reply[] = [];
  readonly #watches: Reply[] = [];
  #lastList: Reply = list([], '1');

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      this.requests.push(url);
      if (url.searchParams.get('watch') === 'true') (this.#watches.shift() ?? silence)(request, response);
      else (this.#lastList = this.#lists.shift() ?? this.#lastList)(request, response);
    });
  }

  static async start(): Promise<ScriptedAPIServer> {
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve(undefined);
    });
    await promise;
    return new ScriptedAPIServer(server);
  }

  lists(...replies: readonly Reply[]): void {
    this.#lists.push(...replies);
  }

  watches(...replies: readonly Reply[]): void {
    this.#watches.push(...replies);
  }

  /** The watches asked for so far, by the version they continue from. */
  get watchedFrom(): readonly (string | null)[] {
    return this.requests.filter(isWatch).map((url) => url.searchParams.get('resourceVersion'));
  }

  get listCount(): number {
    return this.requests.filter((url) => !isWatch(url)).length;
  }

  get kubeconfig(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'scripted',
      contexts: [{ name: 'scripted', context: { cluster: 'scripted', user: 'scripted' } }],
      clusters: [{ name: 'scripted', cluster }],
      users: [{ name: 'scripted', user: { token: 'scripted' } }],
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function isWatch(url: URL): boolean {
  return url.searchParams.get('watch') === 'true';
}

export function configMap(name: string, version: string, value: string, uid = `uid-${name}`): unknown {
  return { metadata: { namespace: 'n', name, uid, resourceVersion: version }, data: { value } };
}

/** A page of a list. */
export function list(items: readonly unknown[], resourceVersion: string, continueToken?: string): Reply {
  return json(200, { kind: 'ConfigMapList', metadata: { resourceVersion, continue: continueToken ?? '' }, items });
}

/** A refusal with a `metav1.Status`. */
export function refusal(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return json(code, { kind: 'Status', status: 'Failure', code, reason, message: `scripted ${reason}` }, headers);
}

export function json(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return (_request, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A watch that sends these events (or raw text) and then ends in good order, breaks off, or stays open. */
export function watch(events: readonly unknown[], then: 'ends' | 'breaks' | 'stays'): Reply {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const event of events) response.write(typeof event === 'string' ? event : `${JSON.stringify(event)}\n`);
    if (then === 'ends') response.end();
    // The bytes written so far are on their way before the connection is reset.
    if (then === 'breaks') setTimeout(() => response.socket?.resetAndDestroy(), 20);
  };
}

function silence(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}
