// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KeyClient } from '@azure/keyvault-keys';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { EgressClient } from '../../net/egress-client.ts';
import { selfSignedCertificate } from '../../net/self-signed-certificate.fixture.ts';
import { egressHttpClient } from './egress-http-client.ts';

const { certificate, key } = selfSignedCertificate();
const credential = {
  getToken: () => Promise.resolve({ token: 'planted-token', expiresOnTimestamp: Date.now() + 1e6 }),
};

describe("the transport of Azure's client libraries", () => {
  let server: Server;
  let origin: string;
  let asked: string[];
  let location: string | undefined;

  before(async () => {
    server = createServer({ cert: certificate, key }, (request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (location === undefined) response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      else response.writeHead(302, { location }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    origin = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function client(egress: EgressClient, at = origin): KeyClient {
    asked = [];
    const httpClient = egressHttpClient(egress, { origin, tls: { ca: certificate } });
    return new KeyClient(at, credential, { httpClient, retryOptions: { maxRetries: 0 } });
  }

  it('reaches one origin through the egress, and nothing that the rules forbid', async () => {
    const egress = new EgressClient({ allow: [new URL(origin).host] });
    location = undefined;
    await assert.rejects(client(egress).getKey('k'), { statusCode: 404 });
    assert.deepEqual(
      asked.map((line) => line.replace(/\?.*/, '')),
      ['GET /keys/k/'],
    );
    await assert.rejects(client(egress, 'https://127.0.0.1:1').getKey('k'), /not followed/);
    await egress.close();
    const closed = new EgressClient();
    await assert.rejects(client(closed).getKey('k'), /outbound\.allow/);
    assert.deepEqual(asked, []);
    await closed.close();
  });

  it('follows to no other origin', async () => {
    const egress = new EgressClient({ allow: [new URL(origin).host, 'localhost'] });
    location = origin.replace('127.0.0.1', 'localhost');
    await assert.rejects(client(egress).getKey('k'), /not followed|redirects/);
    await egress.close();
  });
});
