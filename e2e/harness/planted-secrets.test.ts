// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { leaks } from './planted-secrets.ts';

const SECRET = 'planted pass+word/"7" ü';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const written: Readonly<Record<string, string>> = {
  'as it is': `refused: ${SECRET}`,
  'in JSON': JSON.stringify({ message: SECRET }),
  'in JSON in JSON': JSON.stringify({ message: JSON.stringify({ password: SECRET }) }),
  'in a URL': `https://me:${encodeURIComponent(SECRET)}@host/`,
  'in a URL in lower case': `https://me:${encodeURIComponent(SECRET).toLowerCase()}@host/`,
  'in a form': new URLSearchParams({ client_secret: SECRET }).toString(),
  'in the URL of a library': new URL(`https://host/?token=${SECRET}`).href,
  'in base64': base64(SECRET),
  'in base64 for URLs': Buffer.from(SECRET).toString('base64url'),
  'in hexadecimal': `<Buffer ${Buffer.from(SECRET).toString('hex')}>`,
  'as the password of one letter': `Basic ${base64(`a:${SECRET}`)}`,
  'as the password of two letters': `Basic ${base64(`ab:${SECRET}`)}`,
  'as the password of three letters': `Basic ${base64(`abc:${SECRET}`)}`,
  'in the middle of something': base64(`{"auth":"${SECRET}","email":""}`),
};

describe('the search for planted secrets', () => {
  for (const [where, text] of Object.entries(written)) {
    it(`finds one ${where}`, () => {
      assert.notDeepEqual(leaks({ log: `before ${text} behind` }, [SECRET]), [], inspect(text));
    });
  }

  it('finds the token of a ServiceAccount that was not planted', () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256', kid: 'x' })}.${part({ sub: 'system:serviceaccount:a:b' })}.${'s'.repeat(43)}`;
    assert.deepEqual(leaks({ log: `Bearer ${token}` }, []), ['log shows a token']);
  });

  it('finds nothing where nothing is', () => {
    const harmless = { log: '{"message":"working","keyID":"SHA256:abc"}', metrics: 'hallmark_up 1' };
    assert.deepEqual(leaks(harmless, [SECRET, 'another']), []);
  });
});
