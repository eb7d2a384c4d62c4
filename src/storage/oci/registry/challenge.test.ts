// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseChallenge } from './challenge.ts';

describe('parseChallenge', () => {
  it('parses the headers of registries', () => {
    assert.deepEqual(parseChallenge('Basic realm="x"'), { scheme: 'Basic' });
    assert.deepEqual(
      parseChallenge('Bearer realm="https://auth.example/token",service="reg.example",scope="repository:a:pull"'),
      {
        scheme: 'Bearer',
        realm: 'https://auth.example/token',
        service: 'reg.example',
      },
    );
    assert.deepEqual(parseChallenge('bearer realm=https://auth.example/t , error="invalid_token"'), {
      scheme: 'Bearer',
      realm: 'https://auth.example/t',
    });
  });

  it('prefers a token where both are offered, in either order', () => {
    const bearer = 'Bearer realm="https://a/t",service="Basic, really"';
    for (const header of [`Basic realm="x", ${bearer}`, `${bearer}, Basic realm="x"`]) {
      assert.equal(parseChallenge(header)?.scheme, 'Bearer', header);
    }
  });

  it('is undefined for challenges that cannot be answered', () => {
    for (const header of [undefined, '', 'Negotiate', 'Bearer', 'Bearer realm=""', `Bearer ${'a'.repeat(5000)}`]) {
      assert.equal(parseChallenge(header), undefined);
    }
  });
});
