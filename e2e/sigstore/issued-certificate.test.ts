// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issuedCertificate } from '../../src/signing/keyless/issued-certificate.ts';
import { SigningError } from '../../src/signing/signing-error.ts';
import { issueCertificate, type CertificateRequest } from '../testbed/certificates/issue-certificate.ts';

const ISSUER = 'https://issuer.example';
const IDENTITY = 'https://kubernetes.io/namespaces/bakery/serviceaccounts/signer';
const MINUTE_MS = 60_000;

function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * MINUTE_MS);
}

/** Judges a certificate like Fulcio's but for these changes, asked for with the key that it is about. */
function judged(change: Partial<CertificateRequest> = {}) {
  const root = issueCertificate({ name: 'root', isAuthority: true });
  const window = { notBefore: inMinutes(0), notAfter: inMinutes(10) };
  const request = { name: 'leaf', issuer: root, usage: 'CodeSigning', uri: IDENTITY, oidcIssuer: ISSUER } as const;
  const { certificate, publicKey } = issueCertificate({ ...request, ...window, ...change });
  const expected = { authority: 'Fulcio', publicKey, issuer: ISSUER, identity: IDENTITY, now: new Date() };
  return issuedCertificate([certificate, root.certificate], expected);
}

function refused(pattern: RegExp) {
  return (error: unknown): boolean =>
    error instanceof SigningError && error.reason === 'SignerUnavailable' && pattern.test(error.message);
}

describe('a certificate that Fulcio issued', () => {
  it('tells whom it names, by whose word, and how long it holds', () => {
    const { identity, issuer, notBefore, notAfter, chain } = judged();
    assert.deepEqual([identity, issuer], [IDENTITY, ISSUER]);
    assert.equal(notAfter.getTime() - notBefore.getTime(), 10 * MINUTE_MS);
    assert.equal(chain.match(/BEGIN CERTIFICATE/g)?.length, 2);
  });

  it('may name what is no ServiceAccount, where Fulcio takes the issuer for another kind', () => {
    assert.equal(judged({ uri: 'https://other.example/x' }).identity, 'https://other.example/x');
  });

  it('may come from a clock that is a little ahead', () => {
    assert.equal(judged({ notBefore: inMinutes(0.8) }).identity, IDENTITY);
  });

  const faults: readonly (readonly [what: string, change: Partial<CertificateRequest>, pattern: RegExp])[] = [
    ["another issuer than the token's", { oidcIssuer: 'https://other.example' }, /token's issuer/],
    ['an issuer that begins with the right one', { oidcIssuer: `${ISSUER}.evil.example` }, /token's issuer/],
    ['another ServiceAccount', { uri: `${IDENTITY}-2` }, /another ServiceAccount/],
    ['an end that is past', { notBefore: inMinutes(-20), notAfter: inMinutes(-10) }, /does not hold now/],
    ['a beginning that is to come', { notBefore: inMinutes(5) }, /does not hold now/],
    [
      'another authority than its chain',
      { issuer: issueCertificate({ name: 'x', isAuthority: true }) },
      /its own chain/,
    ],
  ];
  for (const [what, change, pattern] of faults) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => judged(change), refused(pattern));
    });
  }

  it('is refused without identity or issuer', () => {
    const { certificate, publicKey } = issueCertificate({ name: 'leaf', usage: 'CodeSigning' });
    const expected = { authority: 'Fulcio', publicKey, issuer: ISSUER, identity: IDENTITY, now: new Date() };
    assert.throws(() => issuedCertificate([certificate], expected), refused(/without an identity or issuer/));
  });
});
