// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { vaultKeyName, vaultMount } from './vault-uri.ts';

describe('a URI of a transit key', () => {
  it('names it by letters, digits, "_", "-" and "."', () => {
    assert.equal(vaultKeyName('hashivault://k'), 'k');
    assert.equal(vaultKeyName('openbao://team-a.builds_2'), 'team-a.builds_2');
  });

  for (const uri of [
    'hashivault://',
    'openbao://-a',
    'openbao://a.',
    'openbao://a/b',
    'hashivault://..',
    'openbao://a?b',
    'vault://a',
  ]) {
    it(`names none: ${uri}`, () => {
      assert.throws(() => vaultKeyName(uri), { reason: 'KeyNotFound' });
    });
  }
});

describe('a mount of Vault', () => {
  it('may have several parts and slashes around it', () => {
    assert.equal(vaultMount('/teams/a/transit/'), 'teams/a/transit');
  });

  for (const path of ['', '/', '..', 'a/../sys', 'a//b', 'a?b', 'a b', 'a%2fb', '.']) {
    it(`leads nowhere else: "${path}"`, () => {
      assert.throws(() => vaultMount(path), { reason: 'KeyNotFound' });
    });
  }
});
