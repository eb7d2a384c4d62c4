// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { serviceAccountKey, signedGrant } from './service-account-key.ts';
import { CredentialError } from '../credential-error.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const file = {
  type: 'service_account',
  client_email: 'signer@team.iam.gserviceaccount.com',
  private_key: pem,
  private_key_id: 'key-1',
  token_uri: 'https://oauth2.example/token',
};

function read(fields: object): ReturnType<typeof serviceAccountKey> {
  return serviceAccountKey(Buffer.from(JSON.stringify(fields)), 'Secret "team/google"');
}

describe('the key of a Google service account', () => {
  it('signs a grant for its token endpoint and these scopes, for an hour', () => {
    const now = new Date('2026-01-02T03:04:05Z');
    const [header = '', claims = '', signature = ''] = signedGrant(read(file), ['scope-1', 'scope-2'], now).split('.');
    const decoded = [header, claims].map((part): unknown => JSON.parse(Buffer.from(part, 'base64url').toString()));
    const iat = now.getTime() / 1000;
    assert.deepEqual(decoded, [
      { alg: 'RS256', typ: 'JWT', kid: 'key-1' },
      { iss: file.client_email, scope: 'scope-1 scope-2', aud: file.token_uri, iat, exp: iat + 3600 },
    ]);
    const isSigned = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      publicKey,
      Buffer.from(signature, 'base64url'),
    );
    assert.ok(isSigned);
  });

  it("asks Google's own endpoint when it names none", () => {
    assert.equal(read({ ...file, token_uri: undefined }).tokenURL.href, 'https://oauth2.googleapis.com/token');
  });

  it('is refused, without a word of it, when it is something else', () => {
    const refusals: readonly (readonly [object, RegExp])[] = [
      [{ ...file, type: 'authorized_user' }, /type "service_account"/],
      [{ ...file, client_email: '' }, /client_email/],
      [{ ...file, private_key: undefined }, /private_key/],
      [{ ...file, private_key: pem.replaceAll(/[A-M]/g, 'x') }, /private_key/],
      [{ ...file, token_uri: 'http://oauth2.example/token' }, /https/],
      [[], /type "service_account"/],
    ];
    for (const [fields, remark] of refusals) {
      assert.throws(
        () => read(fields),
        (error) => {
          assert.ok(error instanceof CredentialError);
          assert.equal(error.reason, 'Invalid');
          assert.match(error.message, remark);
          const shown = inspect(error, { depth: 8, showHidden: true });
          return !pem.split('\n').some((line) => line.length > 20 && !line.startsWith('-') && shown.includes(line));
        },
      );
    }
    const text = Buffer.from(`planted ${pem}`);
    assert.throws(
      () => serviceAccountKey(text, 'Secret "team/google"'),
      (error) => !inspect(error).includes('planted'),
    );
  });
});
