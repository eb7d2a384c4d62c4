// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError } from '../kube-error.ts';
import type { Query } from '../kube-transport.ts';
import { listPages } from './list-pages.ts';

const { signal } = new AbortController();

describe('the pages of a list', () => {
  it('grow back after one object that is too large for its page', async () => {
    const asked = await limits(2000, (from, limit) => from <= 130 && 130 < from + limit && limit > 25);
    assert.deepEqual(asked.slice(0, 8), [100, 100, 25, 25, 25, 25, 100, 100]);
    assert.equal(asked.filter((limit) => limit === 25).length, 4);
  });

  it('grow back step by step to the size asked for, and no further', async () => {
    const asked = await limits(1000, (from, limit) => from < 4 && limit > 1);
    assert.deepEqual([...new Set(asked)], [100, 25, 6, 1, 4, 16, 64]);
    const steps = await limits(5000, (from, limit) => from < 4 && limit > 1);
    assert.equal(steps.at(-1), 100);
    assert.equal(Math.max(...steps), 100);
  });

  it('are tried larger less and less often where all objects are large', async () => {
    const asked = await limits(5000, (_from, limit) => limit > 25);
    assert.ok(asked.filter((limit) => limit === 100).length <= 7, asked.join(' '));
  });

  it('fail where one object is too large for a page of its own', async () => {
    await assert.rejects(
      limits(10, () => true),
      { reason: 'ResponseTooLarge' },
    );
  });
});

/** The limits that a list of so many objects is asked for with. */
async function limits(count: number, isTooLarge: (from: number, limit: number) => boolean): Promise<readonly number[]> {
  const asked: number[] = [];
  const fetchPage = async ({ limit: asText, continue: token = '0' }: Query): Promise<unknown> => {
    const [from, limit] = [Number(token), Number(asText)];
    asked.push(limit);
    if (isTooLarge(from, limit)) {
      throw new KubeError({ status: 0, reason: 'ResponseTooLarge', message: 'the answer is too large' });
    }
    const end = Math.min(count, from + limit);
    const items = Array.from({ length: end - from }, (_, index) => from + index);
    const more = end < count ? { continue: String(end) } : {};
    return Promise.resolve({ items, metadata: { resourceVersion: '1', ...more } });
  };
  const listed: unknown[] = [];
  for await (const { items } of listPages(fetchPage, { signal })) listed.push(...items);
  assert.deepEqual(
    listed,
    Array.from({ length: count }, (_, index) => index),
  );
  return asked;
}
