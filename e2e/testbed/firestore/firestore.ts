// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { FirestoreServer } from '@firestore-emulator/server';
import { freePort } from '../processes/free-port.ts';
import { firestoreError, FirestoreDocuments } from './firestore-documents.ts';
import type { FirestoreAnswer } from './firestore-documents.ts';

export interface FirestoreOptions {
  /** The one project; its one database is `(default)`. */
  readonly project: string;
  /** Bearer tokens: who may do everything, and who may read. */
  readonly writer: string;
  readonly reader: string;
}

const DOCUMENT = /^\/v1\/(projects\/([^/]+)\/databases\/([^/]+)\/documents\/[^/]+)(?:\/([^/]+))?$/;
const DATABASE = /^\/v1\/(projects\/([^/]+)\/databases\/([^/]+))$/;

/**
 * A Firestore emulator from npm, which speaks gRPC alone, with a front of ours that serves four methods of the REST API on the same
 * documents: databases.get, and of documents get, createDocument and patch. Google's own emulator is in no registry.
 */
export class Firestore {
  /** `127.0.0.1:port` of the REST API. */
  readonly host: string;
  readonly url: string;
  /** `127.0.0.1:port` of the emulator's gRPC, which takes everybody. It listens on all interfaces. */
  readonly grpcHost: string;
  readonly #options: FirestoreOptions;
  readonly #emulator: FirestoreServer;
  readonly #documents: FirestoreDocuments;
  #server: Server | undefined;

  private constructor(options: FirestoreOptions, emulator: FirestoreServer, ports: readonly [number, number]) {
    this.#options = options;
    this.#emulator = emulator;
    this.#documents = new FirestoreDocuments(emulator.state);
    this.host = `127.0.0.1:${ports[0]}`;
    this.url = `http://${this.host}`;
    this.grpcHost = `127.0.0.1:${ports[1]}`;
  }

  static async start(options: FirestoreOptions): Promise<Firestore> {
    const ports = [await freePort(), await freePort()] as const;
    const emulator = new FirestoreServer();
    await emulator.start(ports[1]);
    const firestore = new Firestore(options, emulator, ports);
    await firestore.up();
    return firestore;
  }

  /** Takes the REST API down at once: connections are refused. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Brings it back on the same port with the same documents; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server = server;
    const port = Number(this.host.slice(this.host.indexOf(':') + 1));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    await this.down();
    this.#emulator.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { status, body: answer } = this.#answer(request, body);
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(answer));
  }

  #answer(request: IncomingMessage, body: string): FirestoreAnswer {
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    const { project, writer, reader } = this.#options;
    if (token !== writer && token !== reader) return firestoreError(401, 'UNAUTHENTICATED', 'the token is not known');
    const url = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(url.pathname);
    const found = DOCUMENT.exec(path) ?? DATABASE.exec(path);
    const [, place = '', inProject, database, id = ''] = found ?? [];
    if (inProject !== project || database !== '(default)') {
      return firestoreError(404, 'NOT_FOUND', `The database ${database ?? ''} does not exist for project ${project}`);
    }
    if (DATABASE.test(path)) return { status: 200, body: { name: place, type: 'FIRESTORE_NATIVE' } };
    if (request.method === 'GET') return this.#documents.get(`${place}/${id}`);
    if (token !== writer) return firestoreError(403, 'PERMISSION_DENIED', 'Missing or insufficient permissions.');
    return this.#write(`${place}/${id}`, { method: request.method, url, body });
  }

  #write(
    name: string,
    { method, url, body }: { readonly method: string | undefined; readonly url: URL; readonly body: string },
  ): FirestoreAnswer {
    const document: unknown = JSON.parse(body);
    const query = url.searchParams;
    return method === 'PATCH'
      ? this.#documents.patch(name, document, query.get('currentDocument.updateTime') ?? undefined)
      : this.#documents.create(`${name}${query.get('documentId') ?? ''}`, document);
  }
}
