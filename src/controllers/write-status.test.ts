// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hallmarkResource } from '../kube/hallmark-resource.ts';
import type { WritableObject, WriteOptions } from '../kube/kube-client.ts';
import type { Resource } from '../kube/resource.ts';
import { TurnLine } from '../runtime/turn-line.ts';
import { writeStatus } from './write-status.ts';

const resource = hallmarkResource('SigningPolicy');

function policy(namespace: string, index: number): object {
  return { metadata: { namespace, name: `p-${index}`, uid: `${namespace}-${index}`, resourceVersion: '1' } };
}

/** An API server that answers a write in a later turn of the event loop, and remembers the order. */
function slowServer(whileWriting: () => void = () => undefined) {
  const written: string[] = [];
  const seen = { open: 0, most: 0 };
  const client = {
    replaceStatus: async <T>({ parse }: Resource<T>, object: WritableObject): Promise<T> => {
      seen.open += 1;
      seen.most = Math.max(seen.most, seen.open);
      await new Promise(setImmediate);
      whileWriting();
      seen.open -= 1;
      written.push(object.metadata.namespace ?? '');
      return parse(object);
    },
  };
  return { client, written, seen };
}

describe('the status of policies and backends', () => {
  const status = { observedGeneration: 1, conditions: [] };
  const { signal } = new AbortController();

  it('is written a few at a time, and that of another namespace does not wait behind a crowd', async () => {
    const { client, written, seen } = slowServer();
    const context = { client, fence: () => undefined, statusLine: new TurnLine({ atOnce: 2 }) };
    const write = (namespace: string, index: number) =>
      writeStatus(context, resource, { object: policy(namespace, index), status }, signal);
    const crowd = Array.from({ length: 100 }, (_, index) => write('crowd', index));
    await Promise.all([...crowd, write('team', 0)]);
    assert.equal(seen.most, 2);
    assert.ok(written.indexOf('team') < 5, `it came as number ${written.indexOf('team')}`);
  });

  it('gives a write that hangs up soon, which others wait for', async () => {
    const timeouts: unknown[] = [];
    const client = {
      replaceStatus: <T>({ parse }: Resource<T>, object: WritableObject, { timeoutMs }: WriteOptions): Promise<T> => {
        timeouts.push(timeoutMs);
        return Promise.resolve(parse(object));
      },
    };
    const context = { client, fence: () => undefined, statusLine: new TurnLine() };
    await writeStatus(context, resource, { object: policy('team', 0), status }, signal);
    assert.deepEqual(timeouts, [10_000]);
  });

  it('asks for the Lease of the shard once its turn has come', async () => {
    let holds = true;
    const fence = (): void => {
      if (!holds) throw new Error('not held');
    };
    const { client, written } = slowServer(() => (holds = false));
    const context = { client, fence, statusLine: new TurnLine() };
    const write = (index: number) => writeStatus(context, resource, { object: policy('team', index), status }, signal);
    const second = [write(0), write(1)][1];
    await assert.rejects(second ?? Promise.resolve(), /not held/);
    assert.deepEqual(written, ['team']);
  });
});
