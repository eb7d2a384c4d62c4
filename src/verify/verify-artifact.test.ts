// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { dsse } from '@sigstore/core';
import { parseTrustedRoot } from '../trust/parse-trusted-root.ts';
import type { Expectations } from './expectations.ts';
import { IMAGE_SIGNATURE_TYPE } from './expectations.ts';
import { STATEMENT_TYPE } from './material/material.ts';
import type { Material } from './material/material.ts';
import { TestLog } from './test-log.fixture.ts';
import { DIGEST, NOW, PROVENANCE, statement, TestSigner } from './test-signer.fixture.ts';
import { verifyArtifact } from './verify-artifact.ts';

const signer = new TestSigner();
const stranger = new TestSigner();
const log = new TestLog();
const trustedRoot = parseTrustedRoot(JSON.stringify({ tlogs: [log.trust] }), 'the test');
const later = (hours: number): Date => new Date(NOW.getTime() + hours * 3_600_000);

function codes(material: Material, expectations: Expectations = signer.expectations()): readonly string[] {
  const { verified, problems } = verifyArtifact(material, expectations);
  assert.equal(verified, problems.length === 0);
  return problems.map(({ code }) => code);
}

/** Adds an entry of a log to the material. */
function logged(material: Material, of = material, verifier = signer.key.publicKey, time = NOW): Material {
  return { ...material, logEntries: [log.entry({ ...of, verifier, time })] };
}

const withLog = (more: Partial<Expectations> = {}): Expectations =>
  signer.expectations({ trustedRoot, logs: 1, now: later(1), ...more });

describe('a signature by a key', () => {
  it('verifies, with its key, predicate type and subjects', () => {
    const result = verifyArtifact(signer.envelope(), signer.expectations({ keys: [stranger.key, signer.key] }));
    assert.deepEqual(result, {
      verified: true,
      problems: [],
      signer: { type: 'Key', keyID: signer.key.keyID },
      predicateType: PROVENANCE,
      subjects: [{ name: 'reg.example/app-0', digest: { sha256: DIGEST } }],
      times: [],
      logIndexes: [],
      notes: [],
    });
  });

  it('over an image verifies as an image signature', () => {
    const expectations = signer.expectations({ predicateTypes: [IMAGE_SIGNATURE_TYPE] });
    assert.deepEqual(codes(signer.simpleSigning(), expectations), []);
  });

  it('does not verify with other keys, without keys, or with an unreadable key', () => {
    assert.deepEqual(codes(signer.envelope(), stranger.expectations()), ['SignatureInvalid']);
    assert.deepEqual(codes(signer.envelope(), signer.expectations({ keys: [] })), ['TrustMissing']);
    const unreadable = { keyID: 'k', publicKey: 'not PEM' };
    assert.deepEqual(codes(signer.envelope(), signer.expectations({ keys: [unreadable] })), ['TrustMissing']);
  });

  it('does not verify over another payload, type or form', () => {
    const envelope = signer.envelope();
    const other = Buffer.from(JSON.stringify(statement([DIGEST], PROVENANCE)).replace('"n"', '"m"'));
    assert.deepEqual(codes({ ...envelope, payload: other }), ['SignatureInvalid']);
    const tampered = Buffer.from(envelope.signature);
    tampered[8] = (tampered[8] ?? 0) ^ 1;
    assert.deepEqual(codes({ ...envelope, signature: tampered }), ['SignatureInvalid']);
    assert.deepEqual(codes({ ...envelope, signature: Buffer.alloc(0) }), ['SignatureInvalid']);
  });

  it('does not verify if the raw payload was signed instead of the encoding, as Tekton Chains does in bundles', () => {
    const payload = Buffer.from(JSON.stringify(statement()));
    const raw = { ...signer.envelope(payload), signature: sign('sha256', payload, signer.privateKey) };
    assert.deepEqual(codes(raw), ['SignatureInvalid']);
  });

  for (const [title, key, hash] of [
    ['P-384 with SHA-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'sha384'],
    ['P-384 with SHA-256', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'sha256'],
    ['P-521 with SHA-512', generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey, 'sha512'],
    ['RSA with SHA-256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'sha256'],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey, null],
  ] as const) {
    it(`verifies by ${title}`, () => {
      const publicKey = { keyID: title, publicKey: pemOf(key) };
      const material = signer.envelope();
      const signature = sign(hash, dsse.preAuthEncoding(STATEMENT_TYPE, material.payload), key);
      assert.deepEqual(codes({ ...material, signature }, signer.expectations({ keys: [publicKey] })), []);
    });
  }

  it('does not verify with a weak key or a hash that is too short for it', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const material = signer.envelope();
    const signed = dsse.preAuthEncoding(STATEMENT_TYPE, material.payload);
    const expectations = signer.expectations({ keys: [{ keyID: 'weak', publicKey: pemOf(weak) }] });
    assert.deepEqual(codes({ ...material, signature: sign('sha256', signed, weak) }, expectations), [
      'SignatureInvalid',
    ]);
    assert.deepEqual(codes({ ...material, signature: sign('sha1', signed, signer.privateKey) }), ['SignatureInvalid']);
  });
});

describe('the signed payload', () => {
  it('must have an accepted predicate type: another attested one does not count (CVE-2022-35929)', () => {
    const sbom = signer.envelope(statement([DIGEST], 'https://spdx.dev/Document'));
    assert.deepEqual(codes(sbom), ['PredicateTypeMismatch']);
    assert.deepEqual(codes(signer.simpleSigning()), ['PredicateTypeMismatch']);
  });

  it('must have the payload type of its form: an envelope of another type is not read as a statement (CVE-2022-36056)', () => {
    assert.deepEqual(codes(signer.envelope(statement(), 'application/json')), ['PayloadTypeMismatch']);
    assert.deepEqual(codes({ ...signer.simpleSigning(), payloadType: STATEMENT_TYPE }), ['PayloadTypeMismatch']);
  });

  it('must have every required subject, with all its digests', () => {
    const two = signer.envelope(statement([DIGEST, 'b'.repeat(64)]));
    const both = [{ sha256: DIGEST }, { sha256: 'b'.repeat(64) }];
    assert.deepEqual(codes(two, signer.expectations({ subjects: both })), []);
    assert.deepEqual(codes(signer.envelope(), signer.expectations({ subjects: both })), ['SubjectMismatch']);
    const stronger = [{ sha256: DIGEST, sha512: 'c'.repeat(128) }];
    assert.deepEqual(codes(two, signer.expectations({ subjects: stronger })), ['SubjectMismatch']);
    assert.deepEqual(codes(two, signer.expectations({ subjects: [{}] })), ['SubjectMismatch']);
    assert.deepEqual(codes(signer.envelope(statement([])), signer.expectations()), ['SubjectMismatch']);
    assert.deepEqual(codes(signer.envelope(statement([DIGEST.toUpperCase()])), signer.expectations()), [
      'SubjectMismatch',
    ]);
    assert.deepEqual(codes(two, signer.expectations({ subjects: [{ sha512: DIGEST }] })), ['SubjectMismatch']);
    assert.deepEqual(codes(two, signer.expectations({ subjects: [{ sha256: DIGEST.slice(0, 12) }] })), [
      'SubjectMismatch',
    ]);
  });

  for (const [title, payload] of Object.entries({
    'is not JSON': Buffer.from('{'),
    'is empty': Buffer.alloc(0),
    'has two lists of subjects': Buffer.from(JSON.stringify(statement()).replace('{', '{"subject":[],')),
    'begins with a mark': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(statement()))]),
    'is not UTF-8': Buffer.from([0x22, 0xff, 0x22]),
    'is a list': Buffer.from('[]'),
    'is null': Buffer.from('null'),
    'lacks its predicate type': Buffer.from(JSON.stringify({ ...statement(), predicateType: undefined })),
    'is of an unknown version': Buffer.from(
      JSON.stringify({ ...statement(), _type: 'https://in-toto.io/Statement/v2' }),
    ),
    'has subjects that are no list': Buffer.from(JSON.stringify({ ...statement(), subject: {} })),
    'has a digest that is no text': Buffer.from(
      JSON.stringify({ ...statement(), subject: [{ name: 'n', digest: { sha256: 1 } }] }),
    ),
  })) {
    it(`must be whole: a signed payload that ${title} is refused, not skipped (CVE-2026-39395)`, () => {
      assert.deepEqual(codes(signer.envelope(payload), signer.expectations({ subjects: [] })), ['PayloadInvalid']);
    });
  }

  it('must be a simple signing of an image if it is signed raw', () => {
    const payload = Buffer.from('{"critical":{"type":"something else"}}');
    const material = { ...signer.simpleSigning(), payload, signature: sign('sha256', payload, signer.privateKey) };
    assert.deepEqual(codes(material, signer.expectations({ predicateTypes: [IMAGE_SIGNATURE_TYPE] })), [
      'PayloadInvalid',
    ]);
  });
});

describe('a log entry', () => {
  it('counts, and proves the time of the signature', () => {
    for (const material of [signer.envelope(), signer.simpleSigning()]) {
      const types = withLog({ predicateTypes: [PROVENANCE, IMAGE_SIGNATURE_TYPE] });
      const result = verifyArtifact(logged(material), types);
      assert.deepEqual(result.problems, []);
      assert.deepEqual(result.times, [{ source: 'TransparencyLog', time: NOW }]);
    }
  });

  it('is missing if none is attached, or without a trusted root', () => {
    assert.deepEqual(codes(signer.envelope(), withLog()), ['LogEntryMissing']);
    assert.deepEqual(codes(logged(signer.envelope()), withLog({ trustedRoot: undefined })), ['LogEntryMissing']);
    const { notes } = verifyArtifact(logged(signer.envelope()), signer.expectations());
    assert.match(notes.join(), /not judged/);
  });

  it('for another signature over the same payload is refused (CVE-2022-23649)', () => {
    assert.deepEqual(codes(logged(signer.envelope(), signer.envelope()), withLog()), ['LogEntryInvalid']);
  });

  it('for another payload is refused, although it is in the log (CVE-2026-22703)', () => {
    const material = signer.envelope();
    const other = { ...signer.envelope(statement(['b'.repeat(64)])), signature: material.signature };
    assert.deepEqual(codes(logged(material, other), withLog()), ['LogEntryInvalid']);
  });

  it('that names another key than the signing one is refused (CVE-2026-22703)', () => {
    for (const material of [signer.envelope(), signer.simpleSigning()]) {
      const types = withLog({ predicateTypes: [PROVENANCE, IMAGE_SIGNATURE_TYPE] });
      assert.deepEqual(codes(logged(material, material, stranger.key.publicKey), types), ['LogEntryInvalid']);
    }
  });

  it('counts once however often it is attached, and several of one log count once', () => {
    const material = signer.envelope();
    const [entry] = logged(material).logEntries;
    const [again] = logged(material, material, signer.key.publicKey, later(-1)).logEntries;
    assert.ok(entry !== undefined && again !== undefined);
    assert.deepEqual(codes({ ...material, logEntries: [entry, entry] }, withLog({ logs: 2 })), ['TimestampInvalid']);
    const twin = { ...entry, logIndex: '77' };
    assert.notDeepEqual(codes({ ...material, logEntries: [entry, twin] }, withLog({ logs: 2 })), []);
    assert.notDeepEqual(codes({ ...material, logEntries: [entry, again] }, withLog({ logs: 2 })), []);
  });

  it('for an envelope does not count for the same signature over bare bytes', () => {
    const material = signer.simpleSigning();
    const types = withLog({ predicateTypes: [IMAGE_SIGNATURE_TYPE] });
    assert.deepEqual(codes(logged(material, { ...material, form: 'Envelope' }), types), ['LogEntryInvalid']);
  });

  it('has the index in its proof, if no promise covers another', () => {
    const material = logged(signer.envelope());
    const [entry] = material.logEntries;
    assert.ok(entry !== undefined);
    const moved = { ...entry, inclusionPromise: undefined, logIndex: '77' };
    const { logIndexes, problems } = verifyArtifact({ ...material, logEntries: [moved] }, withLog());
    assert.deepEqual([problems, logIndexes], [[], ['0']]);
  });

  it('of two logs counts twice', () => {
    const second = new TestLog();
    const roots = parseTrustedRoot(JSON.stringify({ tlogs: [log.trust, second.trust] }), 'the test');
    const material = signer.envelope();
    const entryInput = { ...material, verifier: signer.key.publicKey, time: NOW };
    const logEntries = [log.entry(entryInput), second.entry(entryInput)];
    assert.deepEqual(codes({ ...material, logEntries }, withLog({ logs: 2, trustedRoot: roots })), []);
  });

  it('of an untrusted log is refused, and so is a tampered one', () => {
    const material = signer.envelope();
    const foreign = new TestLog().entry({ ...material, verifier: signer.key.publicKey, time: NOW });
    assert.deepEqual(codes({ ...material, logEntries: [foreign] }, withLog()), ['LogEntryInvalid']);
    const [entry] = logged(material).logEntries;
    assert.ok(entry !== undefined);
    const mutations: readonly Partial<typeof entry>[] = [
      { integratedTime: String(Number(entry.integratedTime) + 1) },
      { logIndex: String(Number(entry.logIndex) + 1) },
      { canonicalizedBody: Buffer.from('{}') },
      { canonicalizedBody: Buffer.from('{') },
      { inclusionPromise: { signedEntryTimestamp: Buffer.from('no') } },
      { inclusionPromise: undefined, inclusionProof: undefined },
      { kindVersion: { kind: 'intoto', version: '0.0.2' } },
    ];
    for (const mutation of mutations) {
      const tampered: Material = { ...material, logEntries: [{ ...entry, ...mutation }] };
      assert.deepEqual(codes(tampered, withLog()), ['LogEntryInvalid'], JSON.stringify(Object.keys(mutation)));
      // It is refused also if no entry is required.
      assert.deepEqual(codes(tampered, withLog({ logs: 0 })), ['LogEntryInvalid']);
    }
  });
});

describe("a key's window", () => {
  const windowed = (notBefore?: Date, notAfter?: Date): Partial<Expectations> => ({
    keys: [{ ...signer.key, ...(notBefore && { notBefore }), ...(notAfter && { notAfter }) }],
  });

  it('is judged by the time that a log proves (CVE-2026-24122)', () => {
    const material = logged(signer.envelope());
    assert.deepEqual(codes(material, withLog(windowed(later(-1), later(1)))), []);
    assert.deepEqual(codes(material, withLog({ ...windowed(undefined, later(-1)), now: later(-2) })), [
      'KeyOutsideWindow',
    ]);
    assert.deepEqual(codes(material, withLog(windowed(later(1)))), ['KeyOutsideWindow']);
  });

  it('is judged as if signed now where nothing witnessed it, so that a key that has ended proves nothing', () => {
    const material = signer.envelope();
    assert.deepEqual(codes(material, signer.expectations(windowed(later(-1), later(1)))), []);
    assert.deepEqual(codes(material, signer.expectations(windowed(undefined, later(-1)))), ['KeyOutsideWindow']);
    assert.deepEqual(codes(material, signer.expectations(windowed(later(1)))), ['KeyOutsideWindow']);
    assert.deepEqual(codes(material, signer.expectations(windowed(new Date(Number.NaN)))), ['KeyOutsideWindow']);
  });

  it('is judged by the time that the caller knows, which a log overrules', () => {
    const ended = windowed(undefined, later(-1));
    assert.deepEqual(codes(signer.envelope(), signer.expectations({ ...ended, signedAt: later(-2) })), []);
    assert.deepEqual(codes(logged(signer.envelope()), withLog({ ...ended, signedAt: later(-2) })), [
      'KeyOutsideWindow',
    ]);
  });
});

function pemOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
}
