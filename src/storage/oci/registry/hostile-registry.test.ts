// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { EgressClient } from '../../../net/egress-client.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { reasonOf } from '../../reason-of.fixture.ts';
import type { RegistryCredential } from './docker-config.ts';
import { AnsweringServer } from './answering-server.fixture.ts';
import { imageMediaTypes, RegistryClient } from './registry-client.ts';
import { RegistryPatience } from './registry-patience.ts';
import { RegistrySession } from './registry-session.ts';
import { storedBundle } from '../referrers/stored-bundle.ts';

const never = new AbortController().signal;
const path = 'team/app';
const basic: RegistryCredential = { type: 'Basic', username: 'baker', password: new SecretValue('planted') };
const bytes = Buffer.from('{"schemaVersion":2}');
const content = { bytes, mediaType: imageMediaTypes.ociManifest };

describe('a registry that is out for more than evidence', () => {
  /** One host that the operator may reach although it is not the registry's, and one that it may not. */
  let registry: AnsweringServer;
  let stranger: AnsweringServer;
  let internal: AnsweringServer;
  let egress: EgressClient;

  before(async () => {
    [registry, stranger, internal] = await Promise.all([
      AnsweringServer.start(),
      AnsweringServer.start(),
      AnsweringServer.start(),
    ]);
    egress = new EgressClient({ allow: [registry.host, stranger.host] });
  });
  beforeEach(() => {
    for (const server of [registry, stranger, internal]) server.forget();
  });
  after(async () => {
    await egress.close();
    await Promise.all([registry, stranger, internal].map((server) => server.stop()));
  });

  function client(credential: RegistryCredential = basic, patience?: RegistryPatience): RegistryClient {
    const repository = { registry: registry.host, path };
    const options = { egress, repository, tls: {}, credentials: [{ credential }], actions: 'pull,push' } as const;
    const session = new RegistrySession(patience === undefined ? options : { ...options, patience });
    return new RegistryClient(session, repository);
  }

  /** Demand a token of this realm until the request has a known one. */
  function demand(realm: string, token = 'granted'): void {
    registry.answer = (request, response) => {
      if (request.headers.authorization === `Bearer ${token}`) response.writeHead(404).end();
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="x"` }).end();
    };
  }

  /** The authorization headers that the other hosts received. */
  function shown(): readonly string[] {
    const all = [...stranger.requests, ...internal.requests];
    return all.map(({ headers }) => headers.authorization ?? '').filter((text) => text !== '');
  }

  const forbidden = [
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://2852039166/latest/meta-data/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::]/',
    'http://[fd00:ec2::254]/',
    'http://168.63.129.16/machine?comp=goalstate',
    'https://169.254.169.254/',
    'http://0.0.0.0:22/',
    'http://127.0.0.1.:22/',
  ];
  for (const realm of forbidden) {
    it(`cannot have a token asked for at ${realm}`, async () => {
      demand(realm);
      assert.equal(
        await reasonOf(client().getManifest('latest', never), /does not connect to.*outbound\.allow/),
        'EndpointForbidden',
      );
    });
  }

  it('cannot have a token asked for at a port of this machine that is not allowed, by any name', async () => {
    for (const host of ['127.0.0.1', 'localhost', '127.1', '0x7f000001', '[::ffff:7f00:1]']) {
      demand(`http://${host}:${internal.port}/token`);
      assert.equal(await reasonOf(client().getManifest('latest', never)), 'EndpointForbidden', host);
    }
    assert.equal(internal.connections, 0);
  });

  it('cannot name a token service that is no web service, or brings its own user', async () => {
    for (const realm of [
      'file:///etc/passwd',
      'gopher://x/',
      'data:,x',
      '/token',
      '//x/token',
      'http://u:p@127.0.0.1/',
    ]) {
      demand(realm);
      assert.equal(await reasonOf(client().getManifest('latest', never), /"realm"/), 'BackendRejected', realm);
    }
  });

  it('cannot have the token service send the credentials on', async () => {
    const service = stranger;
    demand(`http://${service.host}/token`);
    service.answer = (_request, response) => response.writeHead(307, { location: `http://${registry.host}/t` }).end();
    const other = registry.answer;
    const onwards: (string | undefined)[] = [];
    registry.answer = (request, response) => {
      if (request.url !== '/t') {
        other(request, response);
        return;
      }
      onwards.push(request.headers.authorization);
      response.end('{"token":"granted"}');
    };
    assert.equal(await client().getManifest('latest', never), undefined);
    assert.deepEqual(onwards, [undefined]);
    const token: RegistryCredential = { type: 'IdentityToken', token: new SecretValue('planted') };
    assert.equal(await reasonOf(client(token).getManifest('latest', never), /answers 307/), 'BackendRejected');
    assert.equal(onwards.length, 1);
  });

  it('cannot slip anything into a header by a token, nor make it endless', async () => {
    demand(`http://${stranger.host}/token`);
    const odd: readonly unknown[] = ['', 'a\r\nx-evil: 1', 'a b', 'ä', '\0', 7, null, {}, 'x'.repeat(65_537)];
    for (const token of odd) {
      stranger.answer = (_request, response) => response.end(JSON.stringify({ token }));
      const refused = reasonOf(client().getManifest('latest', never), /no usable token/);
      assert.equal(await refused, 'BackendRejected', JSON.stringify(token));
    }
    stranger.answer = (_request, response) => response.end(`{"token":"${'x'.repeat(1_000_000)}"}`);
    assert.equal(await reasonOf(client().getManifest('latest', never), /more than/), 'BackendRejected');
    stranger.answer = (_request, response) => response.end('<html>');
    assert.equal(await reasonOf(client().getManifest('latest', never), /no usable token/), 'BackendRejected');
    assert.ok(registry.requests.every(({ headers }) => headers.authorization === undefined));
  });

  it('does not make every run call a token service that is down or asks clients to wait', async () => {
    demand(`http://${stranger.host}/token`);
    const clock = new ManualClock();
    const patience = new RegistryPatience(clock);
    stranger.answer = (_request, response) => response.writeHead(429, { 'retry-after': '30' }).end();
    for (let run = 0; run < 5; run += 1)
      assert.equal(await reasonOf(client(basic, patience).getManifest('latest', never)), 'BackendUnavailable');
    assert.equal(stranger.requests.length, 1);
    await clock.advance(30_000);
    stranger.answer = (_request, response) => response.destroy();
    for (let run = 0; run < 5; run += 1)
      assert.equal(await reasonOf(client(basic, patience).getManifest('latest', never)), 'BackendUnavailable');
    assert.equal(stranger.requests.length, 2);
    await clock.advance(60_000);
    stranger.answer = (_request, response) => response.end('{"token":"granted"}');
    assert.equal(await client(basic, patience).getManifest('latest', never), undefined);
  });

  it('cannot keep the operator logging in', async () => {
    demand(`http://${stranger.host}/token`, 'never right');
    stranger.answer = (_request, response) => response.end('{"token":"granted"}');
    assert.equal(await reasonOf(client().getManifest('latest', never)), 'BackendUnauthorized');
    assert.deepEqual([registry.requests.length, stranger.requests.length], [2, 1]);
    registry.forget();
    registry.answer = (_request, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    assert.equal(await reasonOf(client().getManifest('latest', never)), 'BackendUnauthorized');
    assert.equal(registry.requests.length, 2);
  });

  it('cannot send an upload, and the credentials with it, anywhere else', async () => {
    const elsewhere = [
      `http://${stranger.host}/upload`,
      `http://${internal.host}/upload`,
      `http://localhost:${registry.port}/upload`,
      `http://baker:planted@${stranger.host}/upload`,
      `//${stranger.host}/upload`,
      'http://169.254.169.254/upload',
      'file:///upload',
      'http://[',
    ];
    for (const location of [...elsewhere, undefined]) {
      registry.answer = (request, response) => {
        const started = { ...(location === undefined ? {} : { location }) };
        response.writeHead(request.method === 'POST' ? 202 : 404, started).end();
      };
      const refused = reasonOf(
        client().putManifest('latest', { ...content, blobs: [{ bytes }] }, {}, never),
        /another host/,
      );
      assert.equal(await refused, 'BackendRejected', String(location));
    }
    assert.equal(stranger.connections + internal.connections, 0);
  });

  it('cannot redirect with credentials, be it for reading or writing', async () => {
    registry.answer = (request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(307, { location: `http://${stranger.host}/x` }).end();
    };
    stranger.answer = (_request, response) => response.writeHead(404).end();
    assert.equal(await client().getManifest('latest', never), undefined);
    assert.equal(stranger.requests.length, 1);
    assert.equal(
      await reasonOf(client().putManifest('latest', { ...content, blobs: [] }, {}, never), /307/),
      'BackendRejected',
    );
    assert.equal(stranger.requests.length, 1);
    assert.deepEqual(shown(), []);
  });

  it('cannot pass other bytes off as those of a digest, whatever its headers say', async () => {
    const digest = payloadDigest(Buffer.from('what was asked for'));
    const headers = { 'docker-content-digest': digest, 'content-type': imageMediaTypes.ociManifest };
    registry.answer = (request, response) => {
      response.writeHead(200, headers);
      if (request.method === 'HEAD') response.flushHeaders();
      response.end(request.method === 'HEAD' ? undefined : bytes);
    };
    for (const reading of [
      client().getManifest(digest, never),
      client().getBlob(digest, never),
      client().describeManifest(digest, never),
    ])
      assert.equal(await reasonOf(reading, /other bytes/), 'BackendRejected');
  });

  it('cannot have a bomb unpacked', async () => {
    const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const headers = { 'content-encoding': 'gzip', 'content-type': imageMediaTypes.ociManifest };
    registry.answer = (_request, response) => response.writeHead(200, headers).end(packed);
    const digest = payloadDigest(Buffer.alloc(64 * 1024 * 1024));
    assert.equal(await reasonOf(client().getBlob(digest, never), /other bytes/), 'BackendRejected');
    assert.equal((await client().getManifest('latest', never))?.bytes.length, packed.length);
    assert.ok(registry.requests.every((request) => request.headers['accept-encoding'] === 'identity'));
  });

  it('cannot have more than 4 MiB of a manifest read', async () => {
    registry.answer = (_request, response) => response.writeHead(200).end(Buffer.alloc(4 * 1024 * 1024 + 1));
    assert.equal(await reasonOf(client().getManifest('latest', never), /more than 4194304/), 'BackendRejected');
  });

  describe('and lists referrers', () => {
    const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
    const bundle = payloadDigest(Buffer.from('bundle'));
    const image = payloadDigest(Buffer.from('image'));
    const manifest = Buffer.from(
      JSON.stringify({ layers: [{ mediaType: type, digest: bundle }], subject: { digest: image } }),
    );
    const stored = payloadDigest(manifest);
    const list = (page: string): string => `/v2/${path}/referrers/${image}?page=${page}`;

    /** The bundle exists; `answer` gives each page of its listing. */
    function listing(answer: (page: number, response: ServerResponse) => void): void {
      registry.answer = (request: IncomingMessage, response) => {
        const url = new URL(request.url ?? '', 'http://x');
        if (url.pathname.includes('/manifests/')) response.end(manifest);
        else if (url.pathname.includes('/blobs/')) response.writeHead(404).end();
        else {
          response.setHeader('content-type', imageMediaTypes.ociIndex);
          answer(Number(url.searchParams.get('page') ?? 0), response);
        }
      };
    }
    const page = (...digests: readonly string[]): string =>
      JSON.stringify({ schemaVersion: 2, manifests: digests.map((digest) => ({ digest })) });

    function readBack(): Promise<unknown> {
      const repository = { registry: registry.host, path };
      return storedBundle(client(), { repository, manifest: stored, digest: bundle }, never);
    }

    it('finds evidence on any page of a list', async () => {
      listing((number, response) => {
        if (number < 3) response.setHeader('link', `<${list(String(number + 1))}>; rel="next"`);
        response.end(number === 3 ? page(image, stored) : page(image));
      });
      // Only the blob is missing.
      assert.equal(await reasonOf(readBack(), /blobs.*404/), 'BackendRejected');
      assert.equal(registry.requests.filter(({ url }) => url?.includes('/referrers/') === true).length, 4);
    });

    it('sees that a list has it no longer, and ends where no end comes', async () => {
      listing((_number, response) => response.end(page(image)));
      assert.equal(await reasonOf(readBack(), /no longer listed/), 'BackendRejected');
      listing((number, response) =>
        response.setHeader('link', `<${list(String(number + 1))}>; rel="next"`).end(page(image)),
      );
      assert.equal(await reasonOf(readBack(), /more than 100 pages/), 'BackendRejected');
      assert.ok(registry.requests.length < 110);
    });

    it('follows no link to another host', async () => {
      for (const host of [stranger.host, internal.host, '169.254.169.254']) {
        listing((_number, response) =>
          response.setHeader('link', `<http://${host}${list('1')}>; rel="next"`).end(page(image)),
        );
        assert.equal(await reasonOf(readBack(), /another host/), 'BackendRejected');
      }
      assert.equal(stranger.connections + internal.connections, 0);
    });
  });
});
