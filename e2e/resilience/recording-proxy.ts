// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import {
  createServer,
  request as requestHTTP,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, request as requestHTTPS } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { selfSignedCertificate } from '../../src/net/self-signed-certificate.fixture.ts';
import type { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { writeKubeconfig } from '../testbed/control-plane/write-kubeconfig.ts';
import type { Supervisor } from '../testbed/processes/supervisor.ts';
import type { WriteJournal, WriteRequest } from './write-journal.ts';

interface Target {
  readonly server: WriteRequest['server'];
  readonly url: string;
  readonly ca?: Buffer;
}

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** A reverse proxy that enters every write into a journal, and passes it on only as far as the journal's gate lets it. */
export class RecordingProxy {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly #server: Server;

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.host = host;
  }

  /** In front of a plain HTTP registry. */
  static forRegistry(host: string, journal: WriteJournal): Promise<RecordingProxy> {
    return RecordingProxy.#listen(createServer(), { server: 'registry', url: `http://${host}` }, journal);
  }

  /**
   * In front of the API server, with a throw-away certificate.
   * @returns the proxy, and a kubeconfig that leads through it with the token of a ServiceAccount
   */
  static async forApiServer(
    plane: ControlPlane,
    supervisor: Supervisor,
    client: { readonly token: string; readonly journal: WriteJournal },
  ): Promise<{ readonly proxy: RecordingProxy; readonly kubeconfig: string }> {
    const directory = supervisor.dataDirectory('api-proxy');
    const { certificate, key } = selfSignedCertificate();
    const caFile = join(directory, 'tls.crt');
    writeFileSync(caFile, certificate);
    const target: Target = { server: 'API', url: plane.url, ca: readFileSync(plane.caFile) };
    const server = createSecureServer({ cert: certificate, key });
    const proxy = await RecordingProxy.#listen(server, target, client.journal);
    const kubeconfig = join(directory, 'kubeconfig.yaml');
    writeKubeconfig(kubeconfig, { server: `https://${proxy.host}`, caFile, token: client.token, user: 'via-proxy' });
    return { proxy, kubeconfig };
  }

  static async #listen(server: Server, target: Target, journal: WriteJournal): Promise<RecordingProxy> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy got no port');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // A client that was killed is no failure of the proxy.
      serve(request, response, { target, journal }).catch(() => {
        response.destroy();
      });
    });
    return new RecordingProxy(server, `127.0.0.1:${address.port}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Route {
  readonly target: Target;
  readonly journal: WriteJournal;
}

async function serve(request: IncomingMessage, response: ServerResponse, { target, journal }: Route): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  if (reading.has(method)) {
    const sent = send(target, request);
    response.on('close', () => sent.request.destroy());
    request.pipe(sent.request);
    const received = await sent.response;
    response.writeHead(received.statusCode ?? 502, received.headers);
    // A watch's first frame may be long in coming; its client waits for the headers.
    response.flushHeaders();
    received.pipe(response);
    return;
  }
  const body = await buffer(request);
  const path = new URL(url, target.url).pathname;
  const write: WriteRequest = { server: target.server, method, path, body };
  if (!(await journal.passes(write, 'Unsent'))) {
    response.destroy();
    return;
  }
  const sent = send(target, request);
  sent.request.end(body);
  const received = await sent.response;
  const answer = await buffer(received);
  if (!(await journal.passes(write, 'Unanswered'))) {
    response.destroy();
    return;
  }
  response.writeHead(received.statusCode ?? 502, received.headers).end(answer);
}

function send(
  target: Target,
  { method = 'GET', url = '/', headers }: IncomingMessage,
): { readonly request: ReturnType<typeof requestHTTP>; readonly response: Promise<IncomingMessage> } {
  const options = { method, headers, agent: false } as const;
  const whole = new URL(url, target.url);
  const request =
    target.ca === undefined ? requestHTTP(whole, options) : requestHTTPS(whole, { ...options, ca: target.ca });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  return { request, response };
}
