// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { stringField } from '../json/fields.ts';
import { EgressClient } from '../net/egress-client.ts';
import { LogClient } from './log-client.ts';
import { tiledEntry } from './tiled-entry.ts';
import { TransparencyError } from './transparency-error.ts';

const keyId = randomBytes(32);
const note = `log.example\n256\n${randomBytes(32).toString('base64')}\n`;
const signature = Buffer.concat([keyId.subarray(0, 4), randomBytes(64)]).toString('base64');
const checkpoint = `${note}\n\u2014 log.example ${signature}\n`;

/** Makes an entry as long as those with certificates and RSA keys. */
function entryAt(index: number): Buffer {
  const content = randomBytes(1200).toString('base64');
  return Buffer.from(JSON.stringify({ apiVersion: '0.0.2', kind: 'hashedrekord', spec: { index, content } }));
}

function bundleOf(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

describe('an entry of a full tiled log', () => {
  const entries = Array.from({ length: 256 }, (_, index) => entryAt(index));
  let served: Readonly<Record<string, Buffer>>;
  const server = createServer((request, response) => {
    const file = served[(request.url ?? '').replace('/api/v2/', '')];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  const never = new AbortController().signal;
  let egress: EgressClient;
  let client: LogClient;
  const root = TrustedRoot.fromJSON({ tlogs: [{ logId: { keyId: keyId.toString('base64') } }] });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const host = `127.0.0.1:${address.port}`;
    egress = new EgressClient({ allow: [host] });
    client = new LogClient({ url: `http://${host}`, tls: {}, egress, signal: never });
  });
  after(async () => {
    await egress.close();
    server.close();
  });

  it('is found in a bundle of hundreds of kilobytes', async () => {
    const bundle = bundleOf(entries);
    assert.ok(bundle.length > 400_000);
    served = { checkpoint: Buffer.from(checkpoint), 'tile/entries/000': bundle, 'tile/0/000': randomBytes(256 * 32) };
    const entry = await tiledEntry(255, root, client);
    assert.equal(stringField(entry, 'canonicalizedBody'), entries[255]?.toString('base64'));
  });

  it('is not read if the log sends more than a bundle or tile can hold', async () => {
    const bundle = bundleOf(entries);
    const good = { checkpoint: Buffer.from(checkpoint), 'tile/entries/000': bundle };
    for (const lie of [
      { ...good, checkpoint: Buffer.alloc(20_000, 'x') },
      { ...good, 'tile/0/000': randomBytes(256 * 32 + 1) },
      { ...good, 'tile/entries/000': Buffer.alloc(17_000_000) },
    ]) {
      served = lie;
      await assert.rejects(tiledEntry(255, root, client), /more than/);
    }
  });

  it('waits for the next checkpoint if this one does not cover it', async () => {
    served = { checkpoint: Buffer.from(checkpoint) };
    await assert.rejects(
      tiledEntry(256, root, client),
      (error) => error instanceof TransparencyError && error.retryAfterSeconds === 5,
    );
  });
});
