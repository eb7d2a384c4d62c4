// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SigningError } from '../signing-error.ts';
import { kubernetesIdentity, tokenClaims } from './token-claims.ts';

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

describe('tokenClaims', () => {
  it('reads whom a token is of and who issued it', () => {
    const claims = { sub: 'system:serviceaccount:team-a:signer', iss: 'https://issuer.example' };
    assert.deepEqual(tokenClaims(token(claims)), { subject: claims.sub, issuer: claims.iss });
  });

  for (const text of ['', 'planted', 'a.b.c', token({ sub: 'x' }), token({ iss: 'x' }), token(null), token([])]) {
    it(`refuses "${text.slice(0, 16)}" and shows nothing of it`, () => {
      assert.throws(
        () => tokenClaims(text),
        (error) => error instanceof SigningError && (text === '' || !error.message.includes(text)),
      );
    });
  }
});

describe('kubernetesIdentity', () => {
  it('is what Fulcio puts into the certificates of a ServiceAccount', () => {
    const identity = kubernetesIdentity({ subject: 'system:serviceaccount:team-a:signer', issuer: 'x' });
    assert.equal(identity, 'https://kubernetes.io/namespaces/team-a/serviceaccounts/signer');
  });

  for (const subject of ['system:node:a', 'system:serviceaccount:a', 'system:serviceaccount:a:b:c', 'me@example.com']) {
    it(`is nothing for ${subject}`, () => {
      assert.equal(kubernetesIdentity({ subject, issuer: 'x' }), undefined);
    });
  }
});
