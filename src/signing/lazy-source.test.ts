// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { KeySigner } from './key/key-signer.ts';
import { lazySource } from './lazy-source.ts';
import type { SigningSource } from './signing-source.ts';

const never = new AbortController().signal;
const signer = new KeySigner(generateKeyPairSync('ed25519').privateKey, null);

/** A source that counts how often it is closed. */
function countedSource(): SigningSource & { closed: number } {
  return {
    closed: 0,
    signer: () => Promise.resolve(signer),
    check: () => Promise.resolve({ active: signer, retired: [] }),
    close() {
      this.closed += 1;
      return Promise.resolve();
    },
  };
}

describe('lazySource', () => {
  it('loads with the first thing asked of it, once, and closes what it loaded', async () => {
    const counted = countedSource();
    let loads = 0;
    const source = lazySource(() => {
      loads += 1;
      return Promise.resolve(counted);
    });
    assert.equal(loads, 0);
    const [one] = await Promise.all([source.signer(never), source.check(never), source.signer(never)]);
    assert.deepEqual([one, loads], [signer, 1]);
    await source.close();
    assert.equal(counted.closed, 1);
  });

  it('loads nothing to be closed', async () => {
    await lazySource(() => Promise.reject(new Error('loaded'))).close();
  });

  it('loads again after it failed to', async () => {
    let loads = 0;
    const source = lazySource(() => {
      loads += 1;
      return loads === 1 ? Promise.reject(new Error('no memory')) : Promise.resolve(countedSource());
    });
    await assert.rejects(source.signer(never), /no memory/);
    assert.equal(await source.signer(never), signer);
  });
});
