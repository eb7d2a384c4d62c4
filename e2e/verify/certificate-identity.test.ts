// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { X509Certificate } from '@sigstore/core';
import { certificateIdentity } from '../../src/verify/checks/certificate-identity.ts';
import { readCertificate } from '../../src/verify/checks/check-certificate.ts';
import { der, oid } from '../testbed/certificates/der.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import type { CertificateRequest } from '../testbed/certificates/issue-certificate.ts';
import { VerificationFailure } from '../../src/verify/verification-failure.ts';

const identity = 'https://kubernetes.io/namespaces/bakery/serviceaccounts/signer';
const issuer = 'https://issuer.example/id/D1A2';
const OLDER_ISSUER = '1.3.6.1.4.1.57264.1.1';
const NEWER_ISSUER = '1.3.6.1.4.1.57264.1.8';
/** Reads like the text itself once the highest bit of each byte is dropped. */
const disguised = (text: string): Buffer => Buffer.from(text.replace('D1', 'ı'));
const highBits = (text: string): Buffer => Buffer.from(Array.from(Buffer.from(text), (byte) => byte | 0x80));

function issued(more: Partial<CertificateRequest>): Buffer {
  return issueCertificate({ name: '', usage: 'CodeSigning', ...more }).der;
}

function named(request: Partial<CertificateRequest>): unknown {
  try {
    return certificateIdentity(X509Certificate.parse(Buffer.from(issued(request))));
  } catch (error) {
    assert.ok(error instanceof VerificationFailure, String(error));
    return error.code;
  }
}

describe('whom a certificate names', () => {
  it('is its URI or email address, with the issuer that it states', () => {
    assert.deepEqual(named({ uri: identity, oidcIssuer: issuer }), { identity, issuer });
    const names = [der(0x81, Buffer.from('baker@example.com'))];
    assert.deepEqual(named({ names, oidcIssuer: issuer }), { identity: 'baker@example.com', issuer });
  });

  it('has the issuer of older certificates, and of those that state it in both ways', () => {
    const older = [OLDER_ISSUER, Buffer.from(issuer)] as const;
    assert.deepEqual(named({ uri: identity, extensions: [older] }), { identity, issuer });
    assert.deepEqual(named({ uri: identity, oidcIssuer: issuer, extensions: [older] }), { identity, issuer });
  });

  const unclear: Readonly<Record<string, Partial<CertificateRequest>>> = {
    'it states two issuers': {
      uri: identity,
      oidcIssuer: issuer,
      extensions: [[OLDER_ISSUER, Buffer.from('https://evil.example')]],
    },
    'it states no issuer': { uri: identity },
    'it states an empty issuer': { uri: identity, oidcIssuer: '' },
    'its issuer is of another type': { uri: identity, extensions: [[NEWER_ISSUER, der(0x04, Buffer.from(issuer))]] },
    'its issuer is no UTF-8': { uri: identity, extensions: [[NEWER_ISSUER, der(0x0c, Buffer.from([0xff]))]] },
    'its older issuer is no UTF-8': { uri: identity, extensions: [[OLDER_ISSUER, Buffer.from([0xff])]] },
    'it names an address': { addresses: ['127.0.0.1'], oidcIssuer: issuer },
    'it names something else': {
      names: [der(0xa0, oid('1.3.6.1.4.1.57264.1.7'), der(0xa0, der(0x0c, Buffer.from(identity))))],
      oidcIssuer: issuer,
    },
    'it names no identity': { oidcIssuer: issuer },
    'its name is empty': { uri: '', oidcIssuer: issuer },
    'its name is the accepted one but for the highest bits': {
      names: [der(0x86, highBits(identity))],
      oidcIssuer: issuer,
    },
    'its name is cut by a zero': { uri: `${identity}\0.evil.example`, oidcIssuer: issuer },
  };
  for (const [title, request] of Object.entries(unclear)) {
    it(`cannot be determined when ${title}`, () => {
      assert.equal(named(request), 'IdentityMismatch');
    });
  }

  it('is not by the accepted issuer when that differs in the highest bits alone', () => {
    const extensions = [[NEWER_ISSUER, der(0x0c, disguised(issuer))]] as const;
    assert.deepEqual(named({ uri: identity, extensions }), { identity, issuer: 'https://issuer.example/id/ıA2' });
    assert.equal(disguised(issuer).toString('ascii'), issuer);
  });

  it('must be one alone, stated once', () => {
    const two = issued({ uri: identity, names: [der(0x86, Buffer.from('https://evil.example'))] });
    assert.throws(() => readCertificate(two), { code: 'CertificateInvalid', message: /names 2 identities/ });
    const again = der(0x30, der(0x86, Buffer.from('https://evil.example')));
    const twice = issued({ uri: identity, extensions: [['2.5.29.17', again]] });
    assert.throws(() => readCertificate(twice), { code: 'CertificateInvalid', message: /an extension twice/ });
  });
});
