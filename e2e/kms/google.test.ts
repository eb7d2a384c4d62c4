// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { constants, createHash, verify } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { crc32c } from '../../src/signing/kms/google/crc32c.ts';
import { signingContext } from '../signing/signing-bed.ts';
import { describeSignerWithCosign } from '../signing/signer-contract.ts';
import type { ProxiedAnswer } from '../testbed/fault-proxy/fault.ts';
import type { GoogleAlgorithmName } from '../testbed/google-kms/google-keys.ts';
import { GoogleBed, RING } from './google-bed.ts';
import { serviceFaults, signingFailure } from './service-faults.ts';

const never = new AbortController().signal;
const text = Buffer.from('what is signed');
const QUICK_MS = 3000;
const SLOW_MS = 60_000;

let bed: GoogleBed;
before(async () => {
  bed = await GoogleBed.start();
});
after(() => bed.stop());
afterEach(() => {
  bed.proxy.heal();
});

for (const algorithm of ['EC_SIGN_P256_SHA256', 'RSA_SIGN_PKCS1_2048_SHA256'] as const) {
  let added = false;
  describeSignerWithCosign(`a key ${algorithm} of Google Cloud KMS`, {
    source: () => {
      if (!added) bed.kms.addVersion(algorithm.toLowerCase(), algorithm);
      added = true;
      return Promise.resolve(bed.source(algorithm.toLowerCase()));
    },
    digest: 'sha256',
    secrets: ['planted', 'PRIVATE KEY'],
  });
}

const algorithms: readonly (readonly [GoogleAlgorithmName, string | null])[] = [
  ['EC_SIGN_P384_SHA384', 'sha384'],
  ['EC_SIGN_ED25519', null],
  ['RSA_SIGN_PKCS1_4096_SHA512', 'sha512'],
  ['RSA_SIGN_PSS_2048_SHA256', 'sha256'],
  ['RSA_SIGN_PSS_4096_SHA512', 'sha512'],
];

describe('a key of Google Cloud KMS', () => {
  for (const [algorithm, digest] of algorithms) {
    it(`${algorithm} signs as its version says`, async () => {
      bed.kms.addVersion(`all-${algorithm}`, algorithm);
      const source = bed.source(`all-${algorithm}`);
      await source.check(never);
      const signer = await source.signer(never);
      const { signature } = await signer.sign(text);
      const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      const key = { key: signer.publicKey, ...(algorithm.includes('PSS') ? pss : {}) };
      assert.ok(verify(digest, text, key, signature));
    });
  }

  it('without a version is its latest enabled one, with a version just that, in both spellings', async () => {
    const versions = Array.from({ length: 11 }, () => bed.kms.addVersion('rotated', 'EC_SIGN_P256_SHA256'));
    const latest = bed.source('rotated');
    const tenth = bed.source('rotated/cryptoKeyVersions/10');
    const eleventh = bed.source('rotated/versions/11');
    const [first, second, third] = await Promise.all([latest, tenth, eleventh].map((source) => source.signer(never)));
    assert.equal(first?.keyID, third?.keyID);
    assert.notEqual(first?.keyID, second?.keyID);
    for (const version of versions.slice(10)) version.state = 'DISABLED';
    assert.equal((await latest.check(never)).active?.keyID, second?.keyID);
    await signingFailure(first?.sign(text) ?? Promise.resolve(), 'KeyInvalid', bed.planted);
    assert.match((await signingFailure(eleventh.check(never), 'KeyInvalid', bed.planted)).message, /enable it/);
    for (const version of versions) version.state = 'DESTROYED';
    assert.match((await signingFailure(latest.check(never), 'KeyInvalid', bed.planted)).message, /no enabled version/);
  });

  it('that is rotated between two artifacts of a run signs both with the version that the run was promised', async () => {
    bed.kms.addVersion('turning', 'EC_SIGN_P256_SHA256');
    const source = bed.source('turning');
    const signer = await source.signer(never);
    bed.kms.addVersion('turning', 'EC_SIGN_P256_SHA256');
    const { signature } = await signer.sign(text);
    assert.ok(verify('sha256', text, signer.publicKey, signature));
    assert.notEqual((await source.check(never)).active?.keyID, signer.keyID);
  });

  it('of a kind that verifiers do not take is refused with the remedy', async () => {
    for (const algorithm of ['EC_SIGN_SECP256K1_SHA256', 'RSA_DECRYPT_OAEP_2048_SHA256'] as const) {
      bed.kms.addVersion(algorithm, algorithm);
      const { message } = await signingFailure(bed.source(algorithm).check(never), 'KeyInvalid', bed.planted);
      assert.match(message, /EC_SIGN_P256_SHA256/);
    }
  });

  it('that does not exist is not found, and a URI that names none says how it is written', async () => {
    for (const key of ['nobody', 'nobody/cryptoKeyVersions/1']) {
      const { message } = await signingFailure(bed.source(key).signer(never), 'KeyNotFound', bed.planted);
      assert.match(message, /create it/);
    }
    for (const uri of ['gcpkms://projects/p', `gcpkms://${RING}/cryptoKeys/k/../l`]) {
      const { message } = await signingFailure(bed.source(uri).signer(never), 'KeyNotFound', bed.planted);
      assert.ok(message.includes(uri) && message.includes('cryptoKeyVersions'));
    }
  });

  it("is not asked at all where the operator's rules forbid its address", async () => {
    bed.kms.addVersion('forbidden', 'EC_SIGN_P256_SHA256');
    const context = { ...signingContext(bed.objects, { allow: [bed.kms.server.host] }), clock: bed.clock };
    const before = bed.proxy.requests.length;
    const failing = bed.source('forbidden', { context }).signer(never);
    assert.match((await signingFailure(failing, 'EndpointForbidden', bed.planted)).message, /outbound\.allow/);
    assert.equal(bed.proxy.requests.length, before);
  });

  it('is not used when the certificate of its service is not trusted', async () => {
    const ca = bed.objects.configMaps.get('team/google-ca') ?? {};
    bed.objects.configMaps.set('team/google-ca', { 'ca.crt': bed.kms.server.ca });
    bed.kms.addVersion('untrusted', 'EC_SIGN_P256_SHA256');
    const source = bed.source('untrusted');
    await signingFailure(source.signer(never), 'SignerUnavailable', bed.planted);
    bed.objects.configMaps.set('team/google-ca', ca);
    await source.signer(never);
  });
});

describe('Google Cloud KMS, when it', () => {
  before(() => {
    bed.kms.addVersion('healing', 'EC_SIGN_P256_SHA256');
  });

  for (const [what, fault] of Object.entries(serviceFaults)) {
    it(`${what}, gives no signature, and gives one again afterwards`, async () => {
      const source = bed.source('healing', fault.type === 'Hang' ? { timeoutMs: QUICK_MS } : {});
      const signer = await source.signer(never);
      bed.proxy.fail(fault);
      await signingFailure(signer.sign(text), 'SignerUnavailable', bed.planted);
      await signingFailure(source.signer(never), 'SignerUnavailable', bed.planted);
      bed.proxy.heal();
      await (await source.signer(never)).sign(text);
    });
  }

  it('is gone and comes back, signs again', async () => {
    const source = bed.source('healing');
    await source.check(never);
    await bed.kms.server.down();
    await signingFailure(source.check(never), 'SignerUnavailable', bed.planted);
    await bed.kms.server.up();
    await source.check(never);
  });

  it('is slow, is waited for no longer than a call may take', async () => {
    const source = bed.source('healing', { timeoutMs: QUICK_MS });
    await source.check(never);
    bed.proxy.fail({ type: 'Slow', milliseconds: SLOW_MS });
    const started = performance.now();
    await signingFailure(source.check(never), 'SignerUnavailable', bed.planted);
    assert.ok(performance.now() - started < SLOW_MS / 3);
  });

  it('has too much to do, is left alone for as long as it asks', async () => {
    const source = bed.source('healing');
    const signer = await source.signer(never);
    const body = '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"planted"}}';
    bed.proxy.fail({ type: 'Status', status: 429, headers: { 'retry-after': '7' }, body });
    for (const asked of [() => signer.sign(text), () => source.check(never)]) {
      const failure = await signingFailure(asked(), 'SignerUnavailable', bed.planted);
      assert.equal(failure.retryAfterSeconds, 7);
      assert.match(failure.message, /no more requests/);
    }
    bed.proxy.fail({ type: 'Status', status: 503, headers: { 'retry-after': '9' } });
    const failure = await signingFailure(source.check(never), 'SignerUnavailable', bed.planted);
    assert.equal(failure.retryAfterSeconds, 9);
  });

  it('calls the project by its number is understood', async () => {
    const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => ({
      ...answer,
      body: Buffer.from(answer.body.toString().replaceAll('projects/team-project/', 'projects/123456789012/')),
    });
    bed.proxy.fail({ type: 'Rewrite', rewrite });
    await bed.source('healing').check(never);
    await bed.source('healing/versions/1').check(never);
  });

  it('lies about the signature, the key or a checksum, or answers for another version, is not believed', async () => {
    const source = bed.source('healing');
    const other = bed.kms.addVersion('other', 'EC_SIGN_P256_SHA256');
    const signature = other.sign(createHash('sha256').update(text).digest());
    const sum = String(crc32c(signature));
    const lies: readonly (readonly [path: string, lie: object, remark: RegExp])[] = [
      [':asymmetricSign', { signature: signature.toString('base64'), signatureCrc32c: sum }, /does not verify/],
      [':asymmetricSign', { signatureCrc32c: sum }, /checksum/],
      [':asymmetricSign', { verifiedDigestCrc32c: false }, /checksum/],
      [':asymmetricSign', { name: other.name }, /the request/],
      [
        '/publicKey',
        { ...other.publicKey(), name: `${RING}/cryptoKeys/healing/cryptoKeyVersions/1` },
        /does not verify/,
      ],
      ['/publicKey', { name: other.name }, /the request/],
      ['/publicKey', { pemCrc32c: '1' }, /checksum/],
    ];
    for (const [path, lie, remark] of lies) {
      const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
        const content: unknown = JSON.parse(answer.body.toString());
        return { ...answer, body: Buffer.from(JSON.stringify(Object.assign({}, content, lie))) };
      };
      bed.proxy.fail({ type: 'Rewrite', rewrite }, { when: (request) => request.path.includes(path) });
      const { message } = await signingFailure(source.check(never), 'SignerUnavailable', bed.planted);
      assert.match(message, remark);
    }
    bed.proxy.heal();
    await source.check(never);
  });

  it('refuses, quotes nothing of its answer', async () => {
    const principals = [...bed.kms.permitted];
    const source = bed.source('healing');
    bed.kms.permitted.clear();
    const denied = await signingFailure(source.check(never), 'SignerUnauthorized', bed.planted);
    assert.match(denied.message, /roles\/cloudkms/);
    for (const principal of principals) bed.kms.permitted.add(principal);
    bed.kms.iam.tokens.clear();
    await signingFailure(source.check(never), 'SignerUnauthorized', bed.planted);
    // The token that was refused is not used again.
    await source.check(never);
  });
});
