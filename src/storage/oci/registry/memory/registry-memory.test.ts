// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../../runtime/manual-clock.fixture.ts';
import { SecretValue } from '../../../../runtime/secret-value.ts';
import type { SessionCredential } from '../registry-authorization.ts';
import { RegistryMemory, type RepositoryUse } from './registry-memory.ts';

function login(username: string, password: string, source = 'Secret team/push'): SessionCredential {
  return { credential: { type: 'Basic', username, password: new SecretValue(password) }, source };
}

const use: RepositoryUse = {
  tenant: 'team',
  repository: { registry: 'reg.example', path: 'team/app' },
  tls: { ca: 'PEM' },
  credentials: [login('baker', 'planted'), login('other', 'planted')],
};
const [first, second] = use.credentials;

const others: Readonly<Record<string, Partial<RepositoryUse>>> = {
  'another tenant': { tenant: 'team-b' },
  'no tenant': { tenant: '' },
  'another registry': { repository: { registry: 'reg.example:443', path: 'team/app' } },
  'another path': { repository: { registry: 'reg.example', path: 'team/app2' } },
  'another split of registry and path': { repository: { registry: 'reg.example/team', path: 'app' } },
  'another authority': { tls: { ca: 'PEM 2' } },
  'no authority of its own': { tls: {} },
  'no check of certificates': { tls: { ca: 'PEM', insecure: true } },
  'no credentials': { credentials: [] },
  'fewer credentials': { credentials: first === undefined ? [] : [first] },
  'another order of credentials': { credentials: first && second ? [second, first] : [] },
  'another password': { credentials: [login('baker', 'planted2'), login('other', 'planted')] },
  'another user': { credentials: [login('baker2', 'planted'), login('other', 'planted')] },
  'another split of user and password': { credentials: [login('bakerp', 'lanted'), login('other', 'planted')] },
  'another Secret': { credentials: [login('baker', 'planted', 'Secret team/new'), login('other', 'planted')] },
  'another kind of credential': {
    credentials: [
      { credential: { type: 'IdentityToken', token: new SecretValue('planted') }, source: 'Secret team/push' },
      login('other', 'planted'),
    ],
  },
};

describe('RegistryMemory', () => {
  it('has one memory for calls that are equal in everything', () => {
    const memory = new RegistryMemory(new ManualClock());
    const credentials = [login('baker', 'planted'), login('other', 'planted')];
    assert.equal(memory.of({ ...use, credentials }), memory.of(use));
  });

  for (const [title, different] of Object.entries(others)) {
    it(`has another memory for ${title}`, () => {
      const memory = new RegistryMemory(new ManualClock());
      assert.notEqual(memory.of({ ...use, ...different }), memory.of(use));
    });
  }

  it('forgets after ten minutes, however often it is used, and when it is cleared', async () => {
    const clock = new ManualClock();
    const memory = new RegistryMemory(clock);
    const known = memory.of(use);
    for (let minute = 0; minute < 9; minute += 1) {
      await clock.advance(60_000);
      assert.equal(memory.of(use), known);
    }
    await clock.advance(60_000);
    const later = memory.of(use);
    assert.notEqual(later, known);
    memory.clear();
    assert.notEqual(memory.of(use), later);
  });

  it('keeps the memories used last when a tenant names ever more repositories', () => {
    const memory = new RegistryMemory(new ManualClock());
    const known = memory.of(use);
    for (let index = 0; index < 2000; index += 1) {
      memory.of({ ...use, repository: { registry: 'evil.example', path: `a${index}` } });
      if (index === 100) assert.equal(memory.of(use), known);
    }
    assert.notEqual(memory.of(use), known);
  });

  it('gives a tag that was read after a write once, within five seconds, and to the same calls alone', async () => {
    const clock = new ManualClock();
    const memory = new RegistryMemory(clock);
    const read = { bytes: Buffer.from('manifest'), mediaType: 'm' };
    memory.of(use).keepRead('tag', read);
    assert.equal(memory.of({ ...use, tenant: 'team-b' }).takeRead('tag'), undefined);
    assert.equal(memory.of(use).takeRead('other'), undefined);
    assert.equal(memory.of(use).takeRead('tag'), read);
    assert.equal(memory.of(use).takeRead('tag'), undefined);
    memory.of(use).keepRead('tag', read);
    await clock.advance(5000);
    assert.equal(memory.of(use).takeRead('tag'), undefined);
    memory.of(use).keepRead('tag', read);
    memory.clear();
    assert.equal(memory.of(use).takeRead('tag'), undefined);
  });

  it('keeps no more than a mebibyte of tags', () => {
    const memory = new RegistryMemory(new ManualClock());
    const read = { bytes: Buffer.alloc(400_000), mediaType: 'm' };
    for (const tag of ['one', 'two', 'three']) memory.of(use).keepRead(tag, read);
    const kept = ['one', 'two', 'three'].filter((tag) => memory.of(use).takeRead(tag) !== undefined);
    assert.deepEqual(kept, ['two', 'three']);
  });
});
