// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { freePort } from '../processes/free-port.ts';

/**
 * A double of the metadata server that Google's machines and GKE's workload identity have, for tests: it gives tokens of the one
 * service account, and refuses requests that a browser or a proxy could be made to send, as the real one does. It knows nothing else.
 */
export class MetadataServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** The number of tokens that it issued. */
  given = 0;
  readonly #server: Server;

  private constructor(host: string, server: Server) {
    this.host = host;
    this.#server = server;
  }

  static async start(token: () => string): Promise<MetadataServer> {
    const port = await freePort();
    const server = createServer();
    const metadata = new MetadataServer(`127.0.0.1:${port}`, server);
    server.on('request', (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://metadata');
      const flavor = { 'metadata-flavor': 'Google', 'content-type': 'application/json' };
      if (request.headers['metadata-flavor'] !== 'Google') response.writeHead(403).end();
      else if (pathname === '/computeMetadata/v1/instance/service-accounts/default/token') {
        metadata.given += 1;
        const answer = { access_token: token(), expires_in: 3599, token_type: 'Bearer' };
        response.writeHead(200, flavor).end(JSON.stringify(answer));
      } else response.writeHead(404, flavor).end();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    server.unref();
    return metadata;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
