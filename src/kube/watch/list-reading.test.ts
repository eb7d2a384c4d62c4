// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ListPage } from './list-pages.ts';
import { ListReading } from './list-reading.ts';

const { signal: stop } = new AbortController();

describe('the reading of a list', () => {
  it('asks for a page before it works on the one before it', async () => {
    const { reader, lines, ended } = story();
    await ListReading.begin(() => pages(4, lines), reader, stop);
    await ended;
    assert.deepEqual(lines, [
      ...['asked for 0', 'begun', 'read 0', 'asked for 1', 'asked for 2', 'read 1', 'asked for 3', 'read 2'],
      ...['asked for no more', 'read 3', 'ended'],
    ]);
  });

  it('works on the page at hand where the next one fails, and then tells the failure', async () => {
    const { reader, lines } = story();
    const reading = await ListReading.begin(() => pages(4, lines, 2), reader, stop);
    await new Promise((resolve) => {
      reading.failure.addEventListener('abort', resolve, { once: true });
    });
    assert.deepEqual(lines.slice(-3), ['asked for 1', 'asked for 2', 'read 1']);
    assert.match(String(reading.failure.reason), /no page 2/);
    assert.equal(reading.isComplete, false);
  });

  it('works on no page that it has asked for when it is given up', async () => {
    const { reader, lines } = story();
    const reading = await ListReading.begin(() => pages(4, lines), reader, stop);
    await reading.abandon();
    assert.ok(!lines.includes('read 1'), lines.join(', '));
    assert.equal(reading.isComplete, false);
  });
});

/** A reader that notes its calls. */
function story() {
  const lines: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const reader = {
    begin: () => lines.push('begun'),
    object: (object: unknown) => lines.push(`read ${String(object)}`),
    end: () => {
      lines.push('ended');
      resolve(undefined);
    },
  };
  return { reader, lines, ended };
}

/** Pages of one object each, the number of the page. */
async function* pages(count: number, lines: string[], failing = Infinity): AsyncGenerator<ListPage, void, undefined> {
  for (let page = 0; page < count; page += 1) {
    lines.push(`asked for ${page}`);
    await Promise.resolve();
    if (page === failing) throw new Error(`no page ${page}`);
    yield { items: [page], resourceVersion: '1', restarted: false, isLast: page === count - 1 };
  }
  lines.push('asked for no more');
}
