// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { signingContext } from '../signing/signing-bed.ts';
import { describeSignerWithCosign } from '../signing/signer-contract.ts';
import { AwsBed, QUICK_MS } from './aws-bed.ts';
import { serviceFaults, signingFailure } from './service-faults.ts';

const SLOW_MS = 60_000;
const never = new AbortController().signal;
const PLANTED = ['AKIAPLANTED000000001', 'planted-secret-access-key-1'];
const text = Buffer.from('what is signed');

let bed: AwsBed;
before(async () => {
  bed = await AwsBed.start();
});
after(() => bed.stop());
afterEach(() => {
  bed.proxy.heal();
});

for (const spec of ['ECC_NIST_P256', 'RSA_2048'] as const) {
  let alias: string | undefined;
  describeSignerWithCosign(`a key ${spec} of AWS KMS`, {
    source: async () => bed.source((alias ??= await bed.key(spec))),
    digest: 'sha256',
    secrets: PLANTED,
  });
}

describe('a key of AWS KMS', () => {
  for (const [spec, digest] of [
    ['ECC_NIST_P384', 'sha384'],
    ['ECC_NIST_P521', 'sha512'],
    ['RSA_4096', 'sha256'],
  ] as const) {
    it(`${spec} signs with the first algorithm that it reports`, async () => {
      const signer = await bed.source(await bed.key(spec)).signer(never);
      const { signature } = await signer.sign(text);
      assert.ok(verify(digest, text, signer.publicKey, signature));
    });
  }

  it('is named by id, ARN or alias ARN as well', async () => {
    const alias = await bed.key();
    const { keyID } = await bed.source(alias).signer(never);
    const prefix = `arn:aws:kms:${bed.moto.region}:123456789012:`;
    const byArn = await bed.source(`${prefix}${alias}`).signer(never);
    assert.equal(byArn.keyID, keyID);
    await byArn.sign(text);
  });

  it('of a kind that verifiers do not take, or for another use, is refused with the remedy', async () => {
    const failures = [
      [await bed.key('ECC_SECG_P256K1'), /ECDSA/],
      [await bed.key('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'), /name one|SIGN_VERIFY/],
    ] as const;
    for (const [key, remedy] of failures) {
      const { message } = await signingFailure(bed.source(key).check(never), 'KeyInvalid', PLANTED);
      assert.match(message, remedy);
    }
  });

  it('that does not exist is not found, and a URI that names none says how it is written', async () => {
    const missing = bed.source('alias/nobody');
    assert.match((await signingFailure(missing.signer(never), 'KeyNotFound', PLANTED)).message, /alias\/nobody/);
    for (const uri of ['awskms:///', 'awskms://h/x/y', 'awskms://user@h/alias/a', 'awskms:///alias/a?b']) {
      const { message } = await signingFailure(bed.source(uri).signer(never), 'KeyNotFound', PLANTED);
      assert.ok(message.includes(uri));
    }
  });

  it('is found again once its alias leads to another key', async () => {
    const alias = await bed.key();
    const source = bed.source(alias);
    const before = await source.signer(never);
    await bed.replaceKey(alias);
    const { message } = await signingFailure(before.sign(text), 'SignerUnavailable', PLANTED);
    assert.match(message, /was replaced a moment ago/);
    const after = await source.signer(never);
    assert.notEqual(after.keyID, before.keyID);
    const { signature } = await after.sign(text);
    assert.ok(verify('sha256', text, after.publicKey, signature));
  });

  it('is asked for its public half once in five minutes, and by each check', async () => {
    const source = bed.source(await bed.key());
    const before = bed.proxy.requests.length;
    for (let run = 0; run < 3; run += 1) await source.signer(never);
    assert.equal(bed.proxy.requests.length - before, 1);
    await source.check(never);
    assert.equal(bed.proxy.requests.length - before, 3);
    await bed.clock.advance(300_001);
    await source.signer(never);
    assert.equal(bed.proxy.requests.length - before, 4);
  });

  it('is opened and asked once by runs that start together, and one that gives up ends it for no other', async () => {
    const source = bed.source(await bed.key());
    const before = bed.proxy.requests.length;
    bed.proxy.fail({ type: 'Slow', milliseconds: 50 });
    const why = new Error('enough');
    const impatient = new AbortController();
    const given = source.signer(impatient.signal);
    const runs = Array.from({ length: 8 }, () => source.signer(never));
    impatient.abort(why);
    await assert.rejects(given, (error) => error === why);
    const signers = await Promise.all(runs);
    assert.equal(new Set(signers.map(({ keyID }) => keyID)).size, 1);
    assert.equal(bed.proxy.requests.length - before, 1);
    await Promise.all(signers.map((signer) => signer.sign(text)));
  });

  it('that is closed while it is asked lets go at once', async () => {
    const source = bed.source(await bed.key());
    bed.proxy.fail({ type: 'Hang' });
    const failing = signingFailure(source.signer(never), 'SignerUnavailable', PLANTED);
    await source.close();
    assert.match((await failing).message, /is used no longer/);
  });

  it("is not asked at all where the operator's rules forbid its address", async () => {
    const key = await bed.key();
    const context = { ...signingContext(bed.objects), clock: bed.clock };
    const { message } = await signingFailure(bed.source(key, { context }).signer(never), 'EndpointForbidden', PLANTED);
    assert.match(message, /outbound\.allow/);
  });

  it('is not used when the certificate of its service is not trusted', async () => {
    const ca = bed.objects.configMaps.get('team/aws-ca') ?? {};
    bed.objects.configMaps.delete('team/aws-ca');
    const source = bed.source(await bed.key());
    await signingFailure(source.signer(never), 'SignerUnavailable', PLANTED);
    bed.objects.configMaps.set('team/aws-ca', ca);
    await source.signer(never);
  });

  it('waits for its credentials, and takes them up as soon as they are there', async () => {
    const entries = bed.objects.secrets.get('team/aws') ?? {};
    const source = bed.source(await bed.key());
    bed.objects.secrets.delete('team/aws');
    const missing = await signingFailure(source.signer(never), 'SignerUnauthorized', PLANTED);
    assert.match(missing.message, /Secret "team\/aws" does not exist/);
    bed.objects.secrets.set('team/aws', { aws_access_key_id: Buffer.from('x') });
    const half = await signingFailure(source.signer(never), 'SignerUnauthorized', PLANTED);
    assert.match(half.message, /aws_secret_access_key/);
    bed.objects.secrets.set('team/aws', entries);
    await source.check(never);
  });
});

describe('AWS KMS, when it', () => {
  let alias: string;
  before(async () => {
    alias = await bed.key();
  });

  for (const [what, fault] of Object.entries(serviceFaults)) {
    it(`${what}, gives no signature, and gives one again afterwards`, async () => {
      const source = bed.source(alias, fault.type === 'Hang' ? { timeoutMs: QUICK_MS } : {});
      const signer = await source.signer(never);
      bed.proxy.fail(fault);
      await signingFailure(signer.sign(text), 'SignerUnavailable', PLANTED);
      await signingFailure(source.signer(never), 'SignerUnavailable', PLANTED);
      bed.proxy.heal();
      await (await source.signer(never)).sign(text);
    });
  }

  it('has too much to do, is left alone for as long as it asks', async () => {
    const source = bed.source(alias);
    bed.proxy.fail({
      type: 'Status',
      status: 400,
      headers: { 'retry-after': '7', 'x-amzn-errortype': 'ThrottlingException' },
      body: '{"__type":"ThrottlingException","message":"Rate exceeded"}',
    });
    const { retryAfterSeconds } = await signingFailure(source.signer(never), 'SignerUnavailable', PLANTED);
    assert.equal(retryAfterSeconds, 7);
  });

  // Behaviour of the API reference that moto lacks.
  for (const [type, reason, remedy] of [
    ['AccessDeniedException', 'SignerUnauthorized', /kms:Sign/],
    ['ExpiredTokenException', 'SignerUnauthorized', /refuses the credentials/],
    ['DisabledException', 'KeyInvalid', /enable it/],
    ['KMSInvalidStateException', 'KeyInvalid', /enable it/],
    ['KMSInternalException', 'SignerUnavailable', /tried again/],
  ] as const) {
    it(`refuses with ${type}, quotes nothing of its answer`, async () => {
      bed.proxy.fail({
        type: 'Status',
        status: reason === 'SignerUnavailable' ? 500 : 400,
        headers: { 'content-type': 'application/x-amz-json-1.1' },
        body: JSON.stringify({ __type: type, message: 'no sign for planted-secret-access-key-1' }),
      });
      const { message } = await signingFailure(bed.source(alias).check(never), reason, PLANTED);
      assert.match(message, remedy);
    });
  }

  it('is slow, is waited for no longer than a call may take', async () => {
    const source = bed.source(alias, { timeoutMs: QUICK_MS });
    bed.proxy.fail({ type: 'Slow', milliseconds: 50 });
    await source.check(never);
    bed.proxy.fail({ type: 'Slow', milliseconds: SLOW_MS });
    const started = performance.now();
    await signingFailure(source.check(never), 'SignerUnavailable', PLANTED);
    assert.ok(performance.now() - started < SLOW_MS / 3);
  });

  it('is killed, gives no signature, and signs again once it is back with a key', async () => {
    const source = bed.source(alias);
    const signer = await source.signer(never);
    await bed.moto.down();
    await signingFailure(signer.sign(text), 'SignerUnavailable', PLANTED);
    await signingFailure(source.check(never), 'SignerUnavailable', PLANTED);
    await bed.moto.up();
    // moto forgets its keys.
    await signingFailure(source.check(never), 'KeyNotFound', PLANTED);
    await bed.key('ECC_NIST_P256', 'SIGN_VERIFY', alias);
    const back = await source.signer(never);
    assert.notEqual(back.keyID, signer.keyID);
    await back.sign(text);
  });

  it('lies about the signature, or about the key, is not believed', async () => {
    const source = bed.source(alias);
    const other = await bed.source(await bed.key()).signer(never);
    const signature = Buffer.from((await other.sign(text)).signature).toString('base64');
    const publicKey = createPublicKey(other.publicKey).export({ format: 'der', type: 'spki' }).toString('base64');
    for (const [name, lie] of Object.entries({ Signature: signature, PublicKey: publicKey })) {
      bed.proxy.fail({
        type: 'Rewrite',
        rewrite: (answer) => ({
          ...answer,
          body: Buffer.from(answer.body.toString().replace(new RegExp(`("${name}": ?")[^"]+`), `$1${lie}`)),
        }),
      });
      const { message } = await signingFailure(source.check(never), 'SignerUnavailable', PLANTED);
      assert.match(message, /does not verify/);
    }
    bed.proxy.heal();
    await source.check(never);
  });
});

describe('AWS KMS that checks signatures of requests', () => {
  beforeEach(() => bed.moto.enforce());
  afterEach(() => bed.moto.trustAll());

  it('gives nothing to credentials that it does not know', async () => {
    await bed.moto.trustAll();
    const alias = await bed.key();
    await bed.moto.enforce();
    const { message } = await signingFailure(bed.source(alias).signer(never), 'SignerUnauthorized', PLANTED);
    assert.match(message, /refuses the credentials/);
  });
});
