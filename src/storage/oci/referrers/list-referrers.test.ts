// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EgressClient } from '../../../net/egress-client.ts';
import { reasonOf } from '../../reason-of.fixture.ts';
import { AnsweringServer } from '../registry/answering-server.fixture.ts';
import { imageMediaTypes, RegistryClient } from '../registry/registry-client.ts';
import { RegistrySession } from '../registry/registry-session.ts';
import { listReferrers } from './list-referrers.ts';

const image = `sha256:${'a'.repeat(64)}`;
const first = `sha256:${'1'.repeat(64)}`;
const second = `sha256:${'2'.repeat(64)}`;
const list = (...digests: readonly string[]): string =>
  JSON.stringify({ schemaVersion: 2, manifests: digests.map((digest) => ({ digest })) });

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly link?: string;
  readonly body?: string;
}

describe('listReferrers', () => {
  let registry: AnsweringServer;
  let egress: EgressClient;
  before(async () => {
    registry = await AnsweringServer.start();
    egress = new EgressClient({ allow: [registry.host] });
  });
  after(async () => {
    await egress.close();
    await registry.stop();
  });

  /** Lists the referrers of a registry with these pages, by the end of their URL. */
  async function referrers(pages: Readonly<Record<string, Page>>, artifactType?: string): Promise<readonly string[]> {
    registry.answer = ({ url = '' }, response) => {
      const page = Object.entries(pages).find(([end]) => url.endsWith(end))?.[1] ?? { status: 404 };
      const { status = 200, type = imageMediaTypes.ociIndex, link, body = '' } = page;
      response.writeHead(status, { 'content-type': type, ...(link === undefined ? {} : { link }) }).end(body);
    };
    const repository = { registry: registry.host, path: 'team/app' };
    const session = new RegistrySession({ egress, repository, tls: {}, credentials: [], actions: 'pull' });
    const digests: string[] = [];
    const client = new RegistryClient(session, repository);
    for await (const digest of listReferrers(client, image, artifactType, AbortSignal.timeout(10_000))) {
      digests.push(digest);
    }
    return digests;
  }

  const [start, next] = [`/referrers/${image}`, '/referrers/next'];
  const fallback = `/manifests/${image.replace(':', '-')}`;

  it('follows every form of a link to the next page', async () => {
    for (const link of [
      '</v2/team/app/referrers/next>; rel="next"',
      '</v2/team/app/referrers/next>;rel=next',
      '</v2/team/app/referrers/next>; title="more"; rel="next"',
      '</v2/team/app/other>; rel="last", </v2/team/app/referrers/next>; rel="next"',
    ]) {
      const pages = { [start]: { link, body: list(first) }, [next]: { body: list(second) } };
      assert.deepEqual(await referrers(pages), [first, second], link);
    }
  });

  it('asks for one artifact type, or for all', async () => {
    assert.deepEqual(await referrers({ [start]: { body: list(first) } }), [first]);
    assert.deepEqual(await referrers({ [`${start}?artifactType=a%2Fb`]: { body: list(second) } }, 'a/b'), [second]);
  });

  it('reads the fallback tag of a registry without the API, also where that answers with a page for people', async () => {
    const tag = { [fallback]: { body: list(first) } };
    for (const status of [400, 404, 405, 406])
      assert.deepEqual(await referrers({ ...tag, [start]: { status } }), [first]);
    assert.deepEqual(await referrers({ ...tag, [start]: { type: 'text/html', body: '<html>' } }), [first]);
    assert.deepEqual(await referrers({}), []);
  });

  for (const [title, pages] of Object.entries<Readonly<Record<string, Page>>>({
    'a page that names itself as the next': {
      [start]: { link: `<${start}>; rel="next"`.replace('<', '</v2/team/app'), body: list() },
    },
    'a later page for people': {
      [start]: { link: '</v2/team/app/referrers/next>; rel="next"', body: list() },
      [next]: { type: 'text/html' },
    },
    'a later page that is missing': { [start]: { link: '</v2/team/app/referrers/next>; rel="next"', body: list() } },
    'a page that is not an image index': { [start]: { body: '{}' } },
    'a fallback tag that is not an image index': { [fallback]: { body: '{}' } },
  })) {
    it(`rejects ${title}`, async () => {
      assert.equal(await reasonOf(referrers(pages)), 'BackendRejected');
    });
  }

  it('asks a registry that was found to lack the referrers API for the fallback tag alone', async () => {
    const asked: string[] = [];
    registry.answer = ({ url = '' }, response) => {
      asked.push(url.includes('/referrers/') ? 'referrers' : 'tag');
      const isTag = url.endsWith(fallback);
      response.writeHead(isTag ? 200 : 404, { 'content-type': imageMediaTypes.ociIndex }).end(isTag ? list(first) : '');
    };
    const repository = { registry: registry.host, path: 'team/app' };
    const session = new RegistrySession({ egress, repository, tls: {}, credentials: [], actions: 'pull' });
    const client = new RegistryClient(session, repository);
    const never = new AbortController().signal;
    assert.equal(await client.hasReferrersApi(image, 'type', never), false);
    assert.equal(await client.hasReferrersApi(image, 'type', never), false);
    const digests = await Array.fromAsync(listReferrers(client, image, 'type', never));
    assert.deepEqual(digests, [first]);
    assert.deepEqual(asked, ['referrers', 'tag']);
  });
});
