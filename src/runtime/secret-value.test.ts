// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import { SecretValue } from './secret-value.ts';

describe('the secret value', () => {
  const secret = new SecretValue('hunter2');

  it('is given to callers that ask for it by name', () => {
    assert.equal(secret.revealText(), 'hunter2');
    assert.deepEqual(Buffer.from(secret.reveal()), Buffer.from('hunter2'));
  });

  it('shows itself nowhere else', () => {
    const shown = [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ nested: { secret } }, { depth: 9, showHidden: true }),
      format('%s %o %O %j', secret, secret, secret, secret),
      new Error('refused', { cause: secret }).stack ?? '',
      inspect(new Error('refused', { cause: secret })),
      Object.values(secret).join(),
    ].join('\n');
    assert.equal(shown.includes('hunter2'), false);
    assert.equal(shown.includes(Buffer.from('hunter2').toString('base64')), false);
    assert.match(String(secret), /redacted/);
  });
});
