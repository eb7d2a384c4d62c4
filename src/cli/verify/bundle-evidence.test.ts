// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { BUNDLE_MEDIA_TYPE, sigstoreBundleText } from '../../evidence/sigstore-bundle.ts';
import { DIGEST, statement } from '../../verify/test-signer.fixture.ts';
import { key, signer, verify } from './verify-command.fixture.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

interface Answer {
  readonly type: string;
  readonly body: string;
  readonly status?: number;
  readonly link?: string;
}

/** Responses of the registry, by path and query. */
const answers = new Map<string, Answer>();
let server: Server;
let host: string;
before(async () => {
  server = createServer((request, response) => {
    const answer = answers.get((request.url ?? '').replace('/v2/team/app/', ''));
    const { status = 200, type, link, body } = answer ?? { status: 404, type: 'text/plain', body: '' };
    response.writeHead(status, { 'content-type': type, ...(link === undefined ? {} : { link }) }).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  host = `127.0.0.1:${address.port}`;
});
beforeEach(() => {
  answers.clear();
});
after(async () => {
  await new Promise((closed) => server.close(closed));
});

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Puts a bundle with a statement of this type there. @returns what an index says of it */
function bundle(predicateType?: string): object {
  const text = sigstoreBundleText(signer.artifact(signer.envelope(statement([DIGEST], predicateType))));
  answers.set(`blobs/${digestOf(text)}`, { type: 'application/octet-stream', body: text });
  const manifest = JSON.stringify({ layers: [{ mediaType: BUNDLE_MEDIA_TYPE, digest: digestOf(text) }] });
  answers.set(`manifests/${digestOf(manifest)}`, { type: MANIFEST, body: manifest });
  return { digest: digestOf(manifest) };
}

const list = (...manifests: readonly object[]): string => JSON.stringify({ schemaVersion: 2, manifests });
const referrers = `referrers/sha256:${DIGEST}`;

const imageOf = (registry: string): string => `${registry}/team/app@sha256:${DIGEST}`;
const verifyImage = (): ReturnType<typeof verify> => verify('image', imageOf(host), '--key', key);

describe('the bundles of an image', () => {
  it('are those of all pages that a registry lists', async () => {
    const [first, second] = [bundle('https://spdx.dev/Document'), bundle()];
    answers.set(referrers, { type: INDEX, body: list(first), link: `</v2/team/app/${referrers}?last=1>; rel="next"` });
    answers.set(`${referrers}?last=1`, { type: INDEX, body: list(second) });
    const { code, out } = await verifyImage();
    assert.equal(code, 0, out);
    assert.match(out, new RegExp(`^image ${imageOf(host)}$`, 'm'));
    // An SBOM of the same signer is nothing bad, and no provenance.
    assert.deepEqual([out.match(/: ignored$/gm)?.length, out.match(/: verified$/gm)?.length], [1, 1]);
  });

  it('are none where only another predicate type is attested (CVE-2022-35929)', async () => {
    answers.set(referrers, { type: INDEX, body: list(bundle('https://spdx.dev/Document')) });
    const { code, out } = await verifyImage();
    assert.deepEqual([code, out.includes('none of the evidence verifies')], [1, true], out);
  });

  it('are those in the tag that stands in for the list of a registry without one', async () => {
    answers.set(`manifests/sha256-${DIGEST}`, { type: INDEX, body: list(bundle()) });
    assert.equal((await verifyImage()).code, 0);
    answers.set(referrers, { type: 'text/html', body: '<html>' });
    assert.equal((await verifyImage()).code, 0);
  });

  for (const [title, answer] of Object.entries<Partial<Answer>>({
    fails: { status: 500 },
    refuses: { status: 403 },
    'sends no JSON': { body: '{' },
    'goes on at another host': { link: '<http://127.0.0.2:1/v2/team/app/referrers>; rel="next"' },
    'goes on in a circle': { link: `</v2/team/app/${referrers}>; rel=next` },
    'goes on nowhere': { link: `</v2/team/app/${referrers}?last=9>; rel="next"` },
    'lists more than can be looked at': {
      body: list(...Array.from({ length: 201 }, () => ({ digest: digestOf('x') }))),
    },
  })) {
    it(`could not be checked when the registry ${title}`, async () => {
      answers.set(referrers, { type: INDEX, body: list(bundle()), ...answer });
      const { code, out } = await verifyImage();
      assert.equal(code, 3, out);
    });
  }

  it('could not be checked when the registry sends other bytes than a digest says', async () => {
    answers.set(referrers, { type: INDEX, body: list(bundle()) });
    for (const path of [...answers.keys()].filter((name) => /^(manifests|blobs)/.test(name))) {
      const whole = answers.get(path);
      assert.ok(whole !== undefined);
      answers.set(path, { ...whole, body: `${whole.body} ` });
      const { code, out, err } = await verifyImage();
      assert.equal(code, 3, out);
      assert.match(err, /other bytes/);
      answers.set(path, whole);
    }
    assert.equal((await verifyImage()).code, 0);
  });
});
