// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TenantSlots } from './tenant-slots.ts';

const { signal } = new AbortController();

/** Work that lasts until it is ended; each tells when it began. */
function bed(count: number) {
  const slots = new TenantSlots(count);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (tenant: string, name: string, given: AbortSignal = signal): Promise<void> =>
    slots.within(tenant, given, () => {
      begun.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise(setImmediate);
  };
  return { slots, begun, start, end };
}

function names(tenant: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${tenant}${index}`);
}

describe('slots that tenants share', () => {
  it('leave half to the others however many one tenant asks for, and half of the rest to the next', async () => {
    const { begun, start } = bed(8);
    for (const name of names('a', 20)) void start('a', name);
    assert.deepEqual(begun, names('a', 4));
    for (const name of names('b', 20)) void start('b', name);
    assert.deepEqual(begun.slice(4), names('b', 2));
    void start('c', 'c0');
    assert.equal(begun.at(-1), 'c0');
    await new Promise(setImmediate);
    assert.equal(begun.length, 7);
  });

  it('are never refused to a tenant that has none, even if all are taken', () => {
    const { begun, start } = bed(2);
    for (const tenant of ['a', 'b', 'c', 'd']) void start(tenant, tenant);
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  });

  it('are given on in order, in turns of the tenants', async () => {
    const { begun, start, end } = bed(4);
    for (const name of [...names('a', 4), ...names('b', 3)]) void start(name.slice(0, 1), name);
    assert.deepEqual(begun, ['a0', 'a1', 'b0']);
    await end('a0');
    assert.deepEqual(begun.slice(3), ['a2']);
    await end('b0');
    assert.deepEqual(begun.slice(4), ['b1']);
    for (const name of ['a1', 'a2', 'b1', 'a3', 'b2']) await end(name);
    assert.deepEqual(begun.toSorted(), [...names('a', 4), ...names('b', 3)]);
  });

  it('are given back by work that fails', async () => {
    const { slots, begun, start } = bed(1);
    await assert.rejects(
      slots.within('a', signal, () => Promise.reject(new Error('no'))),
      /no/,
    );
    void start('a', 'a0');
    void start('a', 'a1');
    assert.deepEqual(begun, ['a0']);
  });

  it('are waited for until the signal aborts, and not given to those that gave up', async () => {
    const { begun, start, end } = bed(1);
    void start('a', 'a0');
    const impatient = new AbortController();
    const given = start('a', 'a1', impatient.signal);
    void start('a', 'a2');
    impatient.abort(new Error('too long'));
    await assert.rejects(given, /too long/);
    await assert.rejects(start('a', 'a3', impatient.signal), /too long/);
    await end('a0');
    assert.deepEqual(begun, ['a0', 'a2']);
  });
});
