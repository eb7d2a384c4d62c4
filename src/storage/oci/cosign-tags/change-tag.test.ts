// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { EgressClient } from '../../../net/egress-client.ts';
import { reasonOf } from '../../reason-of.fixture.ts';
import { AnsweringServer } from '../registry/answering-server.fixture.ts';
import { appendLayer } from './store-layer.ts';
import { writeCondition } from './change-tag.ts';
import type { CosignLayer } from './cosign-layer.ts';
import { parseCosignManifest, withLayer } from './cosign-manifest.ts';
import { imageMediaTypes, RegistryClient } from '../registry/registry-client.ts';
import { RegistrySession } from '../registry/registry-session.ts';

const never = new AbortController().signal;
const place = { tag: 'sha256-ab.att', name: 'reg/team/app:sha256-ab.att' };

/** ETag of the manifest under a tag, and the conditions that the registry honours; no registry of the testbed honours any. */
interface TagSupport {
  readonly etag?: (digest: string) => string;
  readonly honours?: (request: IncomingMessage, etag: string | undefined) => boolean;
}

function layer(text: string, annotation = ''): CosignLayer {
  const bytes = Buffer.from(text);
  const annotations = { 'dev.cosignproject.cosign/signature': annotation };
  return { bytes, descriptor: { mediaType: 'm', size: bytes.length, digest: payloadDigest(bytes), annotations } };
}

describe('a tag that several processes append to', () => {
  let server: AnsweringServer;
  let egress: EgressClient;
  let stored: Buffer | undefined;
  let manners: TagSupport;

  before(async () => {
    server = await AnsweringServer.start();
    egress = new EgressClient({ allow: [server.host] });
    server.answer = serve;
  });
  beforeEach(() => {
    stored = undefined;
    server.forget();
  });
  after(async () => {
    await egress.close();
    await server.stop();
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const etag = stored && manners.etag?.(payloadDigest(stored));
    // Any blob is taken.
    if (request.url?.includes('/manifests/') !== true) response.writeHead(201).end();
    else if (request.method === 'GET' && stored === undefined) response.writeHead(404).end();
    else if (request.method === 'GET') {
      const headers = { 'content-type': imageMediaTypes.ociManifest, ...(etag === undefined ? {} : { etag }) };
      response.writeHead(200, headers).end(stored);
    } else if (manners.honours?.(request, etag) === true) response.writeHead(412).end();
    else {
      stored = body;
      response.writeHead(201).end();
    }
  }

  /** One more process: without the lock that the others would share with it. */
  async function append(added: CosignLayer): Promise<void> {
    const repository = { registry: server.host, path: 'team/app' };
    const session = new RegistrySession({ egress, repository, tls: {}, credentials: [], actions: 'pull,push' });
    const wanted = { layer: added, isSame: () => false };
    await appendLayer(new RegistryClient(session, repository), place, wanted, never);
  }

  function digests(): readonly string[] {
    return parseCosignManifest(stored ?? Buffer.of())?.layers.map(({ digest }) => digest) ?? [];
  }

  const quoted = (digest: string): string => `"${digest}"`;
  /** RFC 9110: If-Match compares strongly, If-None-Match: * holds for what is not there. */
  const honours: TagSupport['honours'] = ({ headers }, etag) =>
    (headers['if-match'] !== undefined && (headers['if-match'] !== etag || etag.startsWith('W/'))) ||
    (headers['if-none-match'] === '*' && etag !== undefined);

  it('loses nothing where the registry honours conditions, from the very first layer on', async () => {
    manners = { etag: quoted, honours };
    const layers = ['one', 'two', 'three', 'four'].map((text) => layer(text));
    await Promise.all(layers.map(append));
    assert.deepEqual(new Set(digests()), new Set(layers.map(({ descriptor }) => descriptor.digest)));
    assert.equal(digests().length, layers.length);
  });

  it('asks nothing of a weak ETag, which no write could ever meet', async () => {
    manners = { etag: (digest) => `W/"${digest}"`, honours };
    for (const text of ['one', 'two']) await append(layer(text));
    assert.equal(digests().length, 2);
    const writes = server.requests.filter(({ method, url }) => method === 'PUT' && url?.endsWith('.att') === true);
    assert.deepEqual(
      writes.map(({ headers }) => [headers['if-none-match'], headers['if-match']]),
      [
        ['*', undefined],
        [undefined, undefined],
      ],
    );
  });

  it('is made without a condition if the registry refuses to create a tag that does not exist', async () => {
    manners = { honours: ({ headers }) => headers['if-none-match'] !== undefined };
    await append(layer('one'));
    assert.equal(digests().length, 1);
  });

  it('is not made longer than cosign reads', async () => {
    manners = {};
    const certificate = 'c'.repeat(1024 * 1024);
    let manifest = withLayer(undefined, layer('0', certificate).descriptor);
    for (const text of ['1', '2']) {
      const existing = parseCosignManifest(manifest.manifest);
      manifest = withLayer(existing, layer(text, certificate).descriptor);
    }
    stored = manifest.manifest;
    const rejected = append(layer('3', certificate));
    assert.equal(await reasonOf(rejected, /no more than 4194304 can be read.*another repository/), 'BackendRejected');
    assert.equal(digests().length, 3);
  });
});

describe('writeCondition', () => {
  it('is one that the registry can check', () => {
    assert.deepEqual(writeCondition(undefined), { 'if-none-match': '*' });
    assert.deepEqual(writeCondition({ etag: undefined }), {});
    assert.deepEqual(writeCondition({ etag: '"x"' }), { 'if-match': '"x"' });
    assert.deepEqual(writeCondition({ etag: 'W/"x"' }), {});
  });
});
