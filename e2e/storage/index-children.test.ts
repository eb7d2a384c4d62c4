// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { type IndexChildren, indexChildren } from '../../src/storage/oci/index-children.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { Fault } from '../testbed/fault-proxy/fault.ts';
import { pushIndex, type PushedIndex } from '../testbed/registry/push-index.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { runTarget } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

let bed: StorageBed;
let registry: Registry;
let proxy: FaultProxy;
let pushed: PushedIndex;
let inOrder: readonly string[];

before(async () => {
  bed = await StorageBed.start('index-children');
  registry = await Registry.start(bed.supervisor, { referrers: false });
  proxy = await FaultProxy.start({ target: `http://${registry.host}` });
  pushed = await pushIndex(registry, 'team/app', 'inner');
  inOrder = pushed.children.map(({ digest }) => digest);
});
afterEach(() => {
  proxy.heal();
});
after(async () => {
  await proxy.stop();
  await bed.stop();
});

function read(digest: string, { limit = 64, signal = never } = {}): Promise<IndexChildren> {
  const question = { image: `${proxy.host}/team/app`, digest, run: runTarget('default'), limit };
  return indexChildren(question, bed.context(['127.0.0.0/8']), signal);
}

/** Pushes an index of an index. */
async function pushAround(digest: string): Promise<string> {
  const { body } = await registry.client().send(`/v2/team/app/manifests/${digest}`);
  const manifests = [{ mediaType: INDEX_TYPE, digest, size: body.length }];
  const outer = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  const around = `sha256:${createHash('sha256').update(outer).digest('hex')}`;
  const put = { method: 'PUT', headers: { 'content-type': INDEX_TYPE }, body: outer };
  assert.equal((await registry.client().send(`/v2/team/app/manifests/${around}`, put)).status, 201);
  return around;
}

describe('indexChildren', () => {
  it('lists the images of an index, and none for an image', async () => {
    assert.deepEqual(await read(pushed.digest), { digests: inOrder, warnings: [] });
    assert.deepEqual(await read(inOrder[0] ?? ''), { digests: [], warnings: [] });
  });

  it('looks into an index within the index, and says what lies deeper', async () => {
    const around = await pushAround(pushed.digest);
    assert.deepEqual(await read(around), { digests: inOrder, warnings: [] });
    const deep = await read(await pushAround(around));
    assert.deepEqual(deep.digests, []);
    assert.match(deep.warnings.join(), /nested too deep/);
  });

  it('stops at the limit and says so', async () => {
    const { digests, warnings } = await read(pushed.digest, { limit: 1 });
    assert.deepEqual(digests, inOrder.slice(0, 1));
    assert.match(warnings.join(), /holds 2 images, of which the first 1 are signed/);
  });

  it('says that an image is not there', async () => {
    const { digests, warnings } = await read(`sha256:${'d'.repeat(64)}`);
    assert.deepEqual(digests, []);
    assert.match(warnings.join(), /is not there/);
  });

  const faults: readonly (readonly [what: string, fault: Fault, reason: string])[] = [
    ['sends other bytes', { type: 'Halved' }, 'BackendRejected'],
    ['sends bytes without end', { type: 'Endless' }, 'BackendRejected'],
    ['refuses', { type: 'Status', status: 403 }, 'BackendUnauthorized'],
    ['is busy', { type: 'Status', status: 503 }, 'BackendUnavailable'],
    ['breaks the connection', { type: 'Reset' }, 'BackendUnavailable'],
  ];
  for (const [what, fault, reason] of faults) {
    it(`says ${reason} of a registry that ${what}`, async () => {
      proxy.fail(fault);
      const error: unknown = await read(pushed.digest).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof StorageError, String(error));
      assert.equal(error.reason, reason);
    });
  }

  it('ends with the reason of an abort', async () => {
    proxy.fail({ type: 'Hang' });
    const abort = new AbortController();
    const reading = read(pushed.digest, { signal: abort.signal });
    abort.abort(new Error('the process stops'));
    await assert.rejects(reading, /the process stops/);
  });
});
