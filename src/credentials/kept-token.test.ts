// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { SecretValue } from '../runtime/secret-value.ts';
import type { AccessToken } from './access-token.ts';
import { KeptToken } from './kept-token.ts';

describe('a token that is kept', () => {
  const clock = new ManualClock();
  let made = 0;
  const make = (): Promise<AccessToken> => {
    made += 1;
    const expiresAt = new Date(clock.now().getTime() + 3_600_000);
    return Promise.resolve({ token: new SecretValue(`token ${made}`), expiresAt });
  };

  it('is made once for callers of one moment, and again shortly before its end', async () => {
    made = 0;
    const kept = new KeptToken(clock);
    const tokens = await Promise.all(Array.from({ length: 5 }, () => kept.token('a', make)));
    assert.equal(new Set(tokens).size, 1);
    await clock.advance(3_400_000);
    assert.equal(await kept.token('a', make), tokens[0]);
    await clock.advance(30_000);
    assert.notEqual(await kept.token('a', make), tokens[0]);
    assert.equal(made, 2);
  });

  it('is another when its credentials are, or when it was refused', async () => {
    made = 0;
    const kept = new KeptToken(clock);
    await kept.token('a', make);
    await kept.token('b', make);
    kept.forget();
    await kept.token('b', make);
    assert.equal(made, 3);
  });

  it('is not kept when its end is unknown', async () => {
    const kept = new KeptToken(clock);
    const endless = { token: new SecretValue('x') };
    assert.equal(await kept.token('a', () => Promise.resolve(endless)), endless);
    assert.notEqual(await kept.token('a', make), endless);
  });

  it('is asked for again after a failure', async () => {
    const kept = new KeptToken(clock);
    const failure = new Error('no');
    await assert.rejects(
      kept.token('a', () => Promise.reject(failure)),
      failure,
    );
    await kept.token('a', make);
  });
});
