// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { EgressClient } from '../../../net/egress-client.ts';
import { reasonOf } from '../../reason-of.fixture.ts';
import { AnsweringServer } from './answering-server.fixture.ts';
import { RepositoryMemory } from './memory/repository-memory.ts';
import { imageMediaTypes, RegistryClient } from './registry-client.ts';
import { RegistrySession } from './registry-session.ts';
import type { ManifestBlob } from './write-manifest.ts';

const never = new AbortController().signal;
const layer: ManifestBlob = { bytes: Buffer.from('layer') };
const empty: ManifestBlob = { bytes: Buffer.from('{}'), isShared: true };
const POST = 'POST uploads/?digest= ';
const [START, FINISH, MANIFEST] = ['POST uploads/', 'PUT upload?digest= ', 'PUT manifest'];

/** Answers a POST with the blob itself, as a registry does. */
type SinglePost = (response: ServerResponse) => 'Taken' | 'NotTaken';

const single: SinglePost = (response) => {
  response.writeHead(201).end();
  return 'Taken';
};
const inTwo: SinglePost = (response) => {
  response.writeHead(202, { location: '/v2/team/app/blobs/uploads/1' }).end();
  return 'NotTaken';
};

describe('a manifest with its blobs', () => {
  let server: AnsweringServer;
  let egress: EgressClient;
  let memory: RepositoryMemory;
  let singlePost: SinglePost;
  const blobs = new Set<string>();
  const requests: string[] = [];

  before(async () => {
    server = await AnsweringServer.start();
    egress = new EgressClient({ allow: [server.host] });
    server.answer = serve;
  });
  beforeEach(() => {
    memory = new RepositoryMemory();
    singlePost = single;
    blobs.clear();
    requests.length = 0;
  });
  after(async () => {
    await egress.close();
    await server.stop();
  });

  /** A registry that refuses a manifest whose blobs it lacks. The manifest of this test lists nothing but their digests. */
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const digest = searchParams.get('digest');
    const short = pathname
      .replace('/v2/team/app/', '')
      .replace(/^manifests.*/, 'manifest')
      .replace('blobs/uploads/1', 'upload')
      .replace('blobs/uploads', 'uploads')
      .replace(/blobs\/sha256.*/, 'blob');
    requests.push(`${request.method ?? ''} ${short}${digest === null ? '' : `?digest= ${body.toString()}`}`);
    if (short === 'blob') response.writeHead(blobs.has(pathname.split('/').at(-1) ?? '') ? 200 : 404).end();
    else if (short === 'uploads/' && digest === null) inTwo(response);
    else if (short === 'uploads/') {
      if (singlePost(response) === 'Taken') blobs.add(digest ?? '');
    } else if (short === 'upload') {
      assert.equal(payloadDigest(body), digest);
      blobs.add(payloadDigest(body));
      response.writeHead(201).end();
    } else if (
      body
        .toString()
        .split(' ')
        .every((named) => blobs.has(named))
    )
      response.writeHead(201).end();
    else response.writeHead(404).end('{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}');
  }

  /** Write a manifest of these blobs. @returns the requests that it took */
  async function write(...named: readonly ManifestBlob[]): Promise<readonly string[]> {
    requests.length = 0;
    const repository = { registry: server.host, path: 'team/app' };
    const session = new RegistrySession({ egress, repository, tls: {}, credentials: [], actions: 'pull,push', memory });
    const bytes = Buffer.from(named.map((blob) => payloadDigest(blob.bytes)).join(' '));
    const manifest = { bytes, mediaType: imageMediaTypes.ociManifest, blobs: named };
    await new RegistryClient(session, repository).putManifest('latest', manifest, {}, never);
    return [...requests];
  }

  it('takes one request for each blob on a registry that takes them in a single POST', async () => {
    assert.deepEqual(await write(layer, { bytes: Buffer.from('config') }), [`${POST}layer`, `${POST}config`, MANIFEST]);
  });

  it('goes on with a registry that takes a blob in two, and shows it the next one only once', async () => {
    singlePost = inTwo;
    assert.deepEqual(await write(layer), [`${POST}layer`, `${FINISH}layer`, MANIFEST]);
    const next = { bytes: Buffer.from('next') };
    assert.deepEqual(await write(next), [START, `${FINISH}next`, MANIFEST]);
  });

  for (const status of [400, 405, 411, 500]) {
    it(`is stored on a registry that answers a single POST with ${status}`, async () => {
      singlePost = (response) => {
        response.writeHead(status).end();
        return 'NotTaken';
      };
      assert.deepEqual(await write(layer), [`${POST}layer`, START, `${FINISH}layer`, MANIFEST]);
      assert.deepEqual(await write(layer), [START, `${FINISH}layer`, MANIFEST]);
    });
  }

  it('is stored at the next try on a registry that hangs up on a single POST', async () => {
    singlePost = (response) => {
      response.destroy();
      return 'NotTaken';
    };
    assert.equal(await reasonOf(write(layer)), 'BackendUnavailable');
    assert.deepEqual(await write(layer), [START, `${FINISH}layer`, MANIFEST]);
  });

  it('is not sent twice to a registry that asks for a pause', async () => {
    singlePost = (response) => {
      response.writeHead(503).end();
      return 'NotTaken';
    };
    assert.equal(await reasonOf(write(layer)), 'BackendUnavailable');
    assert.deepEqual(requests, [`${POST}layer`]);
    singlePost = single;
    assert.deepEqual(await write(layer), [`${POST}layer`, MANIFEST]);
  });

  it('has a large blob uploaded in two requests, as a server may hang up on a body that it did not ask for', async () => {
    const large = { bytes: Buffer.alloc(128 * 1024 + 1, 'x') };
    assert.deepEqual(
      (await write(large)).map((request) => request.slice(0, 20)),
      [START, `${FINISH}x`.slice(0, 20), MANIFEST],
    );
  });

  it('uploads a blob that all manifests share once, and again when the repository has lost it', async () => {
    assert.deepEqual(await write(empty, layer), [`${POST}{}`, `${POST}layer`, MANIFEST]);
    assert.deepEqual(await write(empty, layer), [`${POST}layer`, MANIFEST]);
    blobs.clear();
    const again = [`${POST}layer`, MANIFEST, START, `${FINISH}{}`, START, `${FINISH}layer`, MANIFEST];
    assert.deepEqual(await write(empty, layer), again);
    assert.deepEqual(await write(empty, layer), [START, `${FINISH}layer`, MANIFEST]);
  });

  it('asks for a shared blob first where an upload takes two requests', async () => {
    singlePost = inTwo;
    await write(layer);
    blobs.add(payloadDigest(empty.bytes));
    assert.deepEqual(await write(empty, layer), ['HEAD blob', START, `${FINISH}layer`, MANIFEST]);
  });

  it('uploads a blob that was held a moment ago only if the registry misses it', async () => {
    const held = { ...layer, isHeld: true };
    blobs.add(payloadDigest(layer.bytes));
    assert.deepEqual(await write(held), [MANIFEST]);
    blobs.clear();
    assert.deepEqual(await write(held), [MANIFEST, START, `${FINISH}layer`, MANIFEST]);
  });

  it('is stored although the registry acknowledged a blob that it did not take', async () => {
    singlePost = (response) => {
      response.writeHead(201).end();
      return 'NotTaken';
    };
    assert.deepEqual(await write(layer), [`${POST}layer`, MANIFEST, START, `${FINISH}layer`, MANIFEST]);
    assert.deepEqual(await write(layer), [START, `${FINISH}layer`, MANIFEST]);
  });
});
