// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, scryptSync, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import tweetnacl from 'tweetnacl';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { KeySigner } from './key-signer.ts';
import { loadKeySigner } from './load-key-signer.ts';
import { SigningError } from '../signing-error.ts';
import { pkcs8Pem, unsoundKeys } from './unsound-keys.fixture.ts';
import { sshKeyID } from '../ssh-key-id.ts';

const Vectors = Compile(
  Type.Object({
    signers: Type.Array(
      Type.Object({
        secretFile: Type.String(),
        fileContent: Type.String(),
        password: Type.Optional(Type.String()),
        curve: Type.String(),
        hash: Type.String(),
        message: Type.String(),
        publicKeyPem: Type.String(),
        rawSignatureBase64: Type.String(),
        dsseEnvelope: Type.String(),
        bundleHint: Type.String(),
      }),
    ),
  }),
);
const { signers } = Vectors.Parse(
  JSON.parse(readFileSync(new URL('../../../testdata/golden/signing-vectors.json', import.meta.url), 'utf8')),
);
const Envelope = Compile(
  Type.Object({
    payloadType: Type.String(),
    payload: Type.String(),
    signatures: Type.Array(Type.Object({ keyid: Type.String(), sig: Type.String() })),
  }),
);

function secretOf(vector: (typeof signers)[number]): Record<string, Uint8Array> {
  const password = vector.password === undefined ? {} : { 'cosign.password': Buffer.from(vector.password) };
  return { [vector.secretFile]: Buffer.from(vector.fileContent), ...password };
}

function x509(key: KeyObject): Record<string, Uint8Array> {
  return { 'x509.pem': Buffer.from(key.export({ format: 'pem', type: 'pkcs8' })) };
}

/** The keys that passwords give with the salt of all tests: to derive one takes a tenth of a second. */
const derivedKeys = new Map<string, Buffer>();

/** A cosign key pair's private half as cosign writes it. */
function cosign(der: Uint8Array, password: string, changes: object = {}): Record<string, Uint8Array> {
  const salt = Buffer.alloc(32, 7);
  const nonce = Buffer.alloc(24, 9);
  const params = { N: 32768, r: 8, p: 1 };
  const key = derivedKeys.get(password) ?? scryptSync(password, salt, 32, { ...params, maxmem: 64 * 1024 * 1024 });
  derivedKeys.set(password, key);
  const file = {
    kdf: { name: 'scrypt', params, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(tweetnacl.secretbox(der, nonce, key)).toString('base64'),
    ...changes,
  };
  const body = Buffer.from(JSON.stringify(file)).toString('base64');
  const pem = `-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n${body}\n-----END ENCRYPTED COSIGN PRIVATE KEY-----\n`;
  return { 'cosign.key': Buffer.from(pem), 'cosign.password': Buffer.from(password) };
}

async function refused(data: Record<string, Uint8Array>): Promise<SigningError> {
  const error: unknown = await loadKeySigner(data, 'signing-secrets').then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof SigningError, 'a SigningError is thrown');
  assert.match(error.message, /signing-secrets/);
  return error;
}

describe('loadKeySigner on keys that the reference signed with', () => {
  assert.equal(signers.length, 6);
  for (const vector of signers) {
    const hash = vector.hash.replace('-', '').toLowerCase();
    let signer: KeySigner;
    before(async () => {
      signer = await loadKeySigner(secretOf(vector), 's');
    });

    it(`reads ${vector.secretFile} ${vector.curve} and states its public key, key id and hint`, async () => {
      const envelope = Envelope.Parse(JSON.parse(vector.dsseEnvelope));
      assert.equal(signer.publicKey, vector.publicKeyPem);
      assert.equal(signer.keyID, envelope.signatures[0]?.keyid);
      const { key } = await signer.sign(Buffer.from('x'));
      assert.deepEqual(key, { $case: 'publicKey', publicKey: vector.publicKeyPem, hint: vector.bundleHint });
    });

    it(`signs with ${vector.secretFile} ${vector.curve} under the hash that the reference uses`, async () => {
      const message = Buffer.from(vector.message);
      const theirs = Buffer.from(vector.rawSignatureBase64, 'base64');
      assert.ok(verify(hash, message, vector.publicKeyPem, theirs), 'the reference signature verifies under this hash');
      const ours = await signer.sign(message);
      assert.ok(verify(hash, message, vector.publicKeyPem, ours.signature));
      assert.ok(!verify(hash, Buffer.from('another'), vector.publicKeyPem, ours.signature));
    });

    it(`agrees with the envelope of ${vector.secretFile} ${vector.curve} on what a statement's signature covers`, async () => {
      const envelope = Envelope.Parse(JSON.parse(vector.dsseEnvelope));
      const payload = Buffer.from(envelope.payload, 'base64').toString('utf8');
      const covered = Buffer.from(
        `DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} ${payload}`,
      );
      const theirs = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
      assert.ok(verify(hash, covered, vector.publicKeyPem, theirs));
      const ours = await signer.sign(covered);
      assert.ok(verify(hash, covered, vector.publicKeyPem, ours.signature));
    });
  }
});

describe('loadKeySigner', () => {
  it('signs with Ed25519 keys in both files as what cosign verifies: Ed25519, not Ed25519ph', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    for (const data of [x509(privateKey), cosign(privateKey.export({ format: 'der', type: 'pkcs8' }), 'p')]) {
      const signer = await loadKeySigner(data, 's');
      const { signature } = await signer.sign(Buffer.from('data'));
      assert.equal(signature.length, 64);
      assert.ok(verify(null, Buffer.from('data'), signer.publicKey, signature));
    }
  });

  for (const modulusLength of [2048, 3072, 4096]) {
    it(`signs with RSA keys of ${modulusLength} bits, PKCS#1 v1.5 and SHA-256, in both files`, async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
      const der = privateKey.export({ format: 'der', type: 'pkcs8' });
      for (const data of [x509(privateKey), cosign(der, 'p')]) {
        const signer = await loadKeySigner(data, 's');
        const { signature } = await signer.sign(Buffer.from('data'));
        assert.equal(signature.length, modulusLength / 8);
        const key = { key: signer.publicKey, padding: constants.RSA_PKCS1_PADDING };
        assert.ok(verify('sha256', Buffer.from('data'), key, signature));
        assert.ok(signer.verifies(Buffer.from('data'), signature));
        assert.ok(!signer.verifies(Buffer.from('other'), signature));
      }
    });
  }

  it('gives the key id of the reference for a known key', () => {
    const spki =
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdgtHcF+zmE4b3h93wV4k4tBRnNKdCP+n+wCCXjW1ZeH7JVYZD8J1tjv49dJ8AkCATLXBSwRXxB8Hmwuy7Sb2cg==';
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    assert.equal(sshKeyID(key), 'SHA256:o2pNBfkc1F2aj/sJW1IUEl76eJZHmBAPs+yQ3IMf+BA');
  });

  it('takes x509.pem before cosign.key, and does not fall back when it is bad', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const [, other] = signers;
    assert.ok(other);
    const both = { ...secretOf(other), ...x509(privateKey) };
    assert.notEqual((await loadKeySigner(both, 's')).publicKey, other.publicKeyPem);
    const error = await refused({ ...secretOf(other), 'x509.pem': Buffer.from('not a key') });
    assert.equal(error.reason, 'KeyInvalid');
  });

  it('says which entries are missing', async () => {
    const none = await refused({});
    assert.equal(none.reason, 'KeyNotFound');
    assert.match(none.message, /x509\.pem.*cosign\.key/);
    const [, cosignVector] = signers;
    assert.ok(cosignVector);
    const withoutPassword = await refused({ 'cosign.key': Buffer.from(cosignVector.fileContent) });
    assert.equal(withoutPassword.reason, 'KeyNotFound');
    assert.match(withoutPassword.message, /cosign\.password/);
  });

  it('refuses other PEM labels and other keys in x509.pem, and says what is needed', async () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    const sec1 = ec.export({ format: 'pem', type: 'sec1' });
    const encrypted = ec.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' });
    const garbage = `-----BEGIN PRIVATE KEY-----\n${Buffer.alloc(64, 1).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const cases: readonly (readonly [string | Buffer, RegExp])[] = [
      [sec1, /"EC PRIVATE KEY".*"PRIVATE KEY"/],
      [encrypted, /"ENCRYPTED PRIVATE KEY".*"PRIVATE KEY"/],
      [rsa.export({ format: 'pem', type: 'pkcs8' }), /not ECDSA .* RSA \(2048, 3072, 4096 bits\) or Ed25519/],
      [pss.export({ format: 'pem', type: 'pkcs8' }), /not ECDSA/],
      [koblitz.export({ format: 'pem', type: 'pkcs8' }), /not ECDSA/],
      [garbage, /not a PKCS#8 key/],
      ['', /holds no PEM block/],
    ];
    for (const [content, message] of cases) {
      const error = await refused({ 'x509.pem': Buffer.from(content) });
      assert.equal(error.reason, 'KeyInvalid');
      assert.match(error.message, message);
      assert.match(error.message, /x509\.pem.*openssl/);
    }
  });

  it('takes the password byte for byte', async () => {
    const der = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' });
    const data = cosign(der, 'secret\n');
    assert.match((await loadKeySigner(data, 's')).keyID, /^SHA256:/);
    const error = await refused({ ...data, 'cosign.password': Buffer.from('secret') });
    assert.equal(error.reason, 'KeyInvalid');
    assert.match(error.message, /cosign\.password/);
  });

  it('refuses scrypt parameters that cosign never writes, before spending memory on them', async () => {
    const der = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' });
    const salt = Buffer.alloc(32).toString('base64');
    for (const params of [{ N: 2 ** 24, r: 8, p: 1 }, { N: 32768, r: 1024, p: 1 }, { N: 32768, r: 8, p: 4096 }, {}]) {
      const before = process.memoryUsage().rss;
      const error = await refused(cosign(der, 'p', { kdf: { name: 'scrypt', params, salt } }));
      assert.equal(error.reason, 'KeyInvalid');
      assert.match(error.message, /scrypt/);
      assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
    }
  });

  it('refuses cosign keys that it cannot sign with, and wrong labels', async () => {
    const x25519 = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    const error = await refused(cosign(x25519, 'p'));
    assert.equal(error.reason, 'KeyInvalid');
    assert.match(error.message, /holds no key that is ECDSA.*hallmark keygen/);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const plain = await refused({
      'cosign.key': x509(privateKey)['x509.pem'] ?? Buffer.alloc(0),
      'cosign.password': Buffer.from(''),
    });
    assert.match(plain.message, /ENCRYPTED SIGSTORE PRIVATE KEY/);
  });

  const unsound = unsoundKeys();
  for (const [what, key] of Object.entries(unsound)) {
    it(`refuses a key that loads and makes no valid signatures: ${what}`, async () => {
      const error = await refused({ 'x509.pem': pkcs8Pem(key) });
      assert.equal(error.reason, 'KeyInvalid');
      assert.match(error.message, /entry "x509\.pem" of Secret "signing-secrets" holds a key that makes no valid/);
    });
  }

  it('refuses such a key in an encrypted file, too', async () => {
    for (const key of [unsound['the public half of another key'], unsound['RSA with the exponent 1']]) {
      const error = await refused(cosign(key ?? assert.fail(), 'p'));
      assert.equal(error.reason, 'KeyInvalid');
      assert.match(error.message, /entry "cosign\.key" of Secret "signing-secrets" holds a key that makes no valid/);
    }
  });

  it('reads PEM with the line ends of any system and blanks at their end, and takes the first block of several', async () => {
    const [one, two] = ['P-256', 'P-384'].map((namedCurve) => generateKeyPairSync('ec', { namedCurve }).privateKey);
    assert.ok(one !== undefined && two !== undefined);
    const text = Buffer.from(x509(one)['x509.pem'] ?? '').toString();
    const expected = (await loadKeySigner(x509(one), 's')).keyID;
    const forms = {
      CRLF: text.replaceAll('\n', '\r\n'),
      blanks: text.replaceAll('\n', ' \t\n'),
      'one line': text.replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, ''),
      'no line feed at the end': text.trimEnd(),
      'a comment before': `my key\n${text}`,
      'another key behind': `${text}${Buffer.from(x509(two)['x509.pem'] ?? '').toString()}`,
    };
    for (const [form, pem] of Object.entries(forms)) {
      assert.equal((await loadKeySigner({ 'x509.pem': Buffer.from(pem) }, 's')).keyID, expected, form);
    }
  });

  it('answers soon to a Secret of a mebibyte that is no key', async () => {
    const begin = '-----BEGIN PRIVATE KEY-----\n';
    const parts = [begin, '-----BEGIN ', '-', 'A', '\n', `${begin}AAAA\n-----END `, '\u0000'];
    const before = process.cpuUsage();
    for (const part of parts) {
      const entry = Buffer.from(part.repeat(Math.ceil((1024 * 1024) / part.length)));
      assert.equal((await refused({ 'x509.pem': entry })).reason, 'KeyInvalid');
      assert.equal((await refused({ 'cosign.key': entry, 'cosign.password': entry })).reason, 'KeyInvalid');
    }
    const { user } = process.cpuUsage(before);
    assert.ok(user < 10_000_000, `took ${user / 1000} ms of the processor`);
  });

  it('never shows key material in an error, a print or JSON', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const body = pem.split('\n').slice(1, -2).join('').slice(8, 60);
    const signer = await loadKeySigner({ 'x509.pem': Buffer.from(pem) }, 's');
    const secret = privateKey.export({ format: 'jwk' }).d ?? '';
    const shown = `${inspect(signer, { depth: 9, showHidden: true })} ${JSON.stringify(signer)}`;
    assert.ok(shown.includes(signer.keyID));
    assert.ok(!shown.includes(secret) && !shown.includes(body));
    const broken = await refused({ 'x509.pem': Buffer.from(pem.replaceAll('PRIVATE KEY', 'EC PRIVATE KEY')) });
    assert.ok(!inspect(broken, { depth: 9 }).includes(body));
  });
});
