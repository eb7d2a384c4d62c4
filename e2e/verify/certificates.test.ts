// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TransparencyLogEntry, TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { contractArtifact } from '../../src/signing/contract-artifacts.fixture.ts';
import { KeySigner } from '../../src/signing/key/key-signer.ts';
import { TestLog } from '../../src/verify/test-log.fixture.ts';
import { CosignBlobs } from '../sigstore/cosign-blobs.ts';
import { SigstoreJudge } from '../sigstore/sigstore-judge.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import type { CertificateRequest, IssuedCertificate } from '../testbed/certificates/issue-certificate.ts';
import { Supervisor } from '../testbed/index.ts';
import { Judges, ourCodes } from './judges.ts';

/**
 * Certificates that no honest authority issues: of an authority of the test, in a log of the test that takes any time. The
 * certificates of an honest Fulcio and Rekor are in witnessed-evidence.test.ts.
 */
const HOUR_MS = 3_600_000;
const ago = (hours: number): Date => new Date(Date.now() - hours * HOUR_MS);
const identity = 'https://kubernetes.io/namespaces/bakery/serviceaccounts/signer';
const issuer = 'https://issuer.example';

const log = new TestLog();
const root = issueCertificate({ name: 'Root', isAuthority: true, notBefore: ago(100) });
const intermediate = authority({});
/** Was in force for a day, two days ago. */
const expired = authority({ name: 'Expired', notBefore: ago(72), notAfter: ago(48) });

function authority(more: Partial<CertificateRequest>): IssuedCertificate {
  return issueCertificate({
    name: 'Issuing',
    issuer: root,
    isAuthority: true,
    usage: 'CodeSigning',
    notBefore: ago(100),
    ...more,
  });
}

function leaf(more: Partial<CertificateRequest> = {}): IssuedCertificate {
  const valid = { notBefore: ago(1), notAfter: ago(-1) };
  return issueCertificate({
    name: '',
    issuer: intermediate,
    usage: 'CodeSigning',
    uri: identity,
    oidcIssuer: issuer,
    ...valid,
    ...more,
  });
}

const trusted = JSON.stringify({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [log.trust],
  certificateAuthorities: [intermediate, expired].map((issuing) => ({
    subject: { organization: 'o', commonName: 'c' },
    uri: 'https://fulcio.example',
    certChain: { certificates: [issuing, root].map(({ der }) => ({ rawBytes: der.toString('base64') })) },
    validFor: { start: ago(100).toISOString() },
  })),
});
const trustedRoot = TrustedRoot.fromJSON(JSON.parse(trusted));
const accepted = { trustedRoot, identities: [{ identity, issuer }], logs: 1 };
const cosignTrust = [
  `--certificate-identity=${identity}`,
  `--certificate-oidc-issuer=${issuer}`,
  '--insecure-ignore-sct',
];

/** A statement that the certificate's key signed, logged at that time. */
async function signedWith(certificate: IssuedCertificate, time = new Date()): Promise<SignedArtifact> {
  const subject = { name: 'blob', sha256: 'a'.repeat(64) };
  const artifact = await contractArtifact('InTotoStatement', subject, new KeySigner(certificate.privateKey, 'sha256'));
  const entry = log.entry({ ...artifact, form: 'Envelope', verifier: certificate.certificate, time });
  return {
    ...artifact,
    certificate: { chain: certificate.certificate, identity, issuer, notBefore: '', notAfter: '' },
    logEntries: [{ url: 'u', logIndex: '0', entry: JSON.stringify(TransparencyLogEntry.toJSON(entry)) }],
  };
}

describe('a certificate', () => {
  const supervisor = new Supervisor('verify-certificates');
  let judges: Judges;
  let sigstore: SigstoreJudge;
  before(async () => {
    sigstore = await SigstoreJudge.start(supervisor, trusted);
    judges = new Judges({ cosign: await CosignBlobs.start(supervisor, trusted), sigstore, cosignTrust }, accepted);
  });
  after(async () => {
    await sigstore.stop();
    await supervisor.stop();
  });

  it('counts by the time of the signature: also when all of its chain but the root has ended since', async () => {
    await judges.accept(await signedWith(leaf()));
    const old = leaf({ issuer: expired, notBefore: ago(60), notAfter: ago(59) });
    await judges.accept(await signedWith(old, ago(59.5)));
  });

  it('does not count once its intermediate had expired when it signed (CVE-2026-24122)', async () => {
    await judges.refuse(await signedWith(leaf({ issuer: expired })), 'CertificateInvalid');
  });

  it('does not count outside its own time', async () => {
    await judges.refuse(await signedWith(leaf({ notBefore: ago(3), notAfter: ago(2) })), 'CertificateInvalid');
    await judges.refuse(await signedWith(leaf({ notBefore: ago(-1), notAfter: ago(-2) })), 'CertificateInvalid');
  });

  it('does not count when another authority issued it', async () => {
    const rogue = issueCertificate({ name: 'Issuing', isAuthority: true });
    await judges.refuse(await signedWith(leaf({ issuer: rogue })), 'CertificateInvalid');
  });

  it('does not count when it was not issued for signing code', async () => {
    // The `sigstore` package does not look at the extended key usage.
    const artifact = await signedWith(leaf({ usage: 'ServerAuth' }));
    await judges.refuse(artifact, 'CertificateInvalid', { sigstoreAccepts: true });
  });

  it('does not count when it is one of an authority', async () => {
    assert.deepEqual(ourCodes(await signedWith(leaf({ isAuthority: true })), accepted), ['CertificateInvalid']);
  });

  for (const [title, uri] of Object.entries({
    'begins with the accepted one': `${identity}-of-another`,
    'ends with the accepted one': `https://evil.example/?${identity}`,
    'is a part of the accepted one': identity.slice(0, -1),
    'matches it as a pattern only': identity.replace('kubernetes.io', 'kubernetesXio'),
    'differs in its case': identity.toUpperCase(),
  })) {
    it(`does not count when its identity ${title}`, async () => {
      await judges.refuse(await signedWith(leaf({ uri })), 'IdentityMismatch');
    });
  }

  it('does not count when another issuer vouches for the identity, or one that contains the accepted one', async () => {
    for (const oidcIssuer of ['https://other.example', `${issuer}.evil.example`, `https://evil.example/${issuer}`]) {
      await judges.refuse(await signedWith(leaf({ oidcIssuer })), 'IdentityMismatch');
    }
  });

  it('does not count without an accepted identity, without a trusted root, or without a time', async () => {
    const artifact = await signedWith(leaf());
    assert.deepEqual(ourCodes(artifact, { trustedRoot, logs: 1 }), ['TrustMissing']);
    assert.deepEqual(ourCodes(artifact, { identities: [{ identity, issuer }] }), ['TrustMissing']);
    await judges.refuse({ ...artifact, logEntries: [] }, 'TimestampMissing');
  });

  it('does not count for the signature of another key', async () => {
    const artifact = await signedWith(leaf());
    const other = await signedWith(leaf());
    const swapped = { ...artifact, ...(other.certificate === undefined ? {} : { certificate: other.certificate }) };
    await judges.refuse(swapped, 'SignatureInvalid');
  });
});
