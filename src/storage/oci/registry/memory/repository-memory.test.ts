// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../../runtime/manual-clock.fixture.ts';
import { SecretValue } from '../../../../runtime/secret-value.ts';
import { RepositoryMemory } from './repository-memory.ts';

const image = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 7, digest: `sha256:${'a'.repeat(64)}` };

describe('RepositoryMemory', () => {
  it('remembers that an image existed for less than 30 seconds', async () => {
    const clock = new ManualClock();
    const memory = new RepositoryMemory(clock);
    assert.equal(memory.image(image.digest), undefined);
    memory.remember(image);
    await clock.advance(29_999);
    assert.deepEqual(memory.image(image.digest), image);
    await clock.advance(1);
    assert.equal(memory.image(image.digest), undefined);
  });

  it('forgets a refused credential unless another call has replaced it meanwhile', () => {
    const memory = new RepositoryMemory(new ManualClock());
    const token = new SecretValue('planted');
    const one = { position: 0, actions: 'pull,push', bearer: { token, expiresAtMs: 1000 } } as const;
    const two = { ...one, position: 1 };
    memory.accept(one);
    memory.accept(two);
    memory.refuse(one);
    assert.equal(memory.accepted('pull'), two);
    memory.refuse(two);
    assert.equal(memory.accepted('pull'), undefined);
  });

  it('keeps no token that is longer than tokens are, as a registry chooses their length', () => {
    const memory = new RepositoryMemory(new ManualClock());
    for (const [bytes, isKept] of [
      [16 * 1024, true],
      [16 * 1024 + 1, false],
    ] as const) {
      const bearer = { token: new SecretValue('x'.repeat(bytes)), expiresAtMs: 1000 };
      memory.accept({ position: 0, actions: 'pull', bearer });
      assert.equal(memory.accepted('pull') !== undefined, isKept);
    }
  });

  it('forgets an origin that does not answer, and no other', () => {
    const memory = new RepositoryMemory(new ManualClock());
    memory.origin = 'https://reg.example';
    memory.lose('http://reg.example');
    assert.equal(memory.origin, 'https://reg.example');
    memory.lose('https://reg.example');
    assert.equal(memory.origin, undefined);
  });
});
