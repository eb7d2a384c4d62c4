// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, sign, verify } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { signingContext } from '../signing/signing-bed.ts';
import { describeSignerWithCosign } from '../signing/signer-contract.ts';
import type { ProxiedAnswer } from '../testbed/fault-proxy/fault.ts';
import { AzureBed } from './azure-bed.ts';
import { serviceFaults, signingFailure } from './service-faults.ts';

const never = new AbortController().signal;
const text = Buffer.from('what is signed');
const QUICK_MS = 3000;
const SLOW_MS = 60_000;

let bed: AzureBed;
before(async () => {
  bed = await AzureBed.start();
});
after(() => bed.stop());
afterEach(() => {
  bed.proxy.heal();
  bed.vault.challenge = {};
});

for (const kind of ['P-256', 2048] as const) {
  let added = false;
  describeSignerWithCosign(`a key ${kind} of Azure Key Vault`, {
    source: () => {
      if (!added) bed.vault.addVersion(`contract-${kind}`, kind);
      added = true;
      return Promise.resolve(bed.source(`contract-${kind}`));
    },
    digest: 'sha256',
    secrets: ['planted'],
  });
}

describe('a key of Azure Key Vault', () => {
  for (const [kind, digest] of [
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
    [3072, 'sha384'],
    [4096, 'sha512'],
  ] as const) {
    it(`${kind} signs with the hash of its curve or size`, async () => {
      bed.vault.addVersion(`all-${kind}`, kind);
      const source = bed.source(`all-${kind}`);
      await source.check(never);
      const signer = await source.signer(never);
      const { signature } = await signer.sign(text);
      assert.ok(verify(digest, text, signer.publicKey, signature));
    });
  }

  it('without a version is its current one, with a version just that, also when it is rotated during a run', async () => {
    const first = bed.vault.addVersion('rotated', 'P-256');
    const current = bed.source('rotated');
    const signer = await current.signer(never);
    bed.vault.addVersion('rotated', 'P-256');
    const { signature } = await signer.sign(text);
    assert.ok(verify('sha256', text, signer.publicKey, signature));
    assert.equal((await bed.source(`rotated/${first.version}`).check(never)).active?.keyID, signer.keyID);
    assert.notEqual((await current.check(never)).active?.keyID, signer.keyID);
  });

  it('of a kind that verifiers do not take, or for another use, is refused with the remedy', async () => {
    bed.vault.addVersion('bitcoin', 'P-256K');
    bed.vault.addVersion('wrapping', 2048).operations = ['wrapKey', 'unwrapKey'];
    for (const key of ['bitcoin', 'wrapping']) {
      const { message } = await signingFailure(bed.source(key).check(never), 'KeyInvalid', bed.planted);
      assert.match(message, /operation sign/);
    }
  });

  it('that is disabled, expired or not valid yet says so', async () => {
    const now = Math.floor(bed.clock.now().getTime() / 1000);
    bed.vault.addVersion('disabled', 'P-256').attributes = { enabled: false };
    bed.vault.addVersion('expired', 'P-256').attributes = { enabled: true, exp: now - 60 };
    bed.vault.addVersion('early', 'P-256').attributes = { enabled: true, nbf: now + 3600 };
    await signingFailure(bed.source('disabled').check(never), 'KeyInvalid', bed.planted);
    const { published } = await signingFailure(bed.source('expired').check(never), 'KeyExpired', bed.planted);
    assert.equal(published?.active?.notAfter?.getTime(), (now - 60) * 1000, 'it still verifies what it signed');
    bed.vault.addVersion('ending', 'P-256').attributes = { enabled: true, exp: now + 3600 };
    const { active } = await bed.source('ending').check(never);
    assert.equal(active?.notAfter?.getTime(), (now + 3600) * 1000, 'the policy warns before');
    await signingFailure(bed.source('early').check(never), 'KeyInvalid', bed.planted);
  });

  it('that does not exist is not found, and a URI that names none says how it is written', async () => {
    assert.match(
      (await signingFailure(bed.source('nobody').signer(never), 'KeyNotFound', bed.planted)).message,
      /create it/,
    );
    for (const uri of ['azurekms://host', 'azurekms://host/k/1', 'azurekms://u@host/k']) {
      const { message } = await signingFailure(bed.source(uri).signer(never), 'KeyNotFound', bed.planted);
      assert.ok(message.includes(uri) && message.includes('VAULT-HOST'));
    }
  });

  it("is not asked at all where the operator's rules forbid its address, nor is a directory", async () => {
    bed.vault.addVersion('forbidden', 'P-256');
    const { directory } = bed.vault;
    for (const allow of [[directory.server.host], [bed.proxy.host]]) {
      const context = { ...signingContext(bed.objects, { allow }), clock: bed.clock };
      const failing = bed.source('forbidden', { context }).signer(never);
      assert.match((await signingFailure(failing, 'EndpointForbidden', bed.planted)).message, /outbound\.allow/);
    }
  });

  it('is not used when the certificate of its vault is not trusted', async () => {
    const ca = bed.objects.configMaps.get('team/azure-ca') ?? {};
    bed.objects.configMaps.set('team/azure-ca', { 'ca.crt': bed.vault.directory.server.ca });
    bed.vault.addVersion('untrusted', 'P-256');
    const source = bed.source('untrusted');
    await signingFailure(source.signer(never), 'SignerUnavailable', bed.planted);
    bed.objects.configMaps.set('team/azure-ca', ca);
    await source.signer(never);
  });
});

describe('Azure Key Vault, when it', () => {
  before(() => {
    bed.vault.addVersion('healing', 'P-256');
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
    await bed.vault.server.down();
    await signingFailure(source.check(never), 'SignerUnavailable', bed.planted);
    await bed.vault.server.up();
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
    bed.proxy.fail({
      type: 'Status',
      status: 429,
      headers: { 'retry-after': '7' },
      body: '{"error":{"code":"Throttled"}}',
    });
    const failure = await signingFailure(bed.source('healing').signer(never), 'SignerUnavailable', bed.planted);
    assert.equal(failure.retryAfterSeconds, 7);
    bed.proxy.fail({ type: 'Status', status: 503, headers: { 'retry-after': '9' } });
    const failing = await signingFailure(bed.source('healing').signer(never), 'SignerUnavailable', bed.planted);
    assert.equal(failing.retryAfterSeconds, 9);
    assert.match(failing.message, /status 503/);
  });

  it('lies about the signature or the key is not believed', async () => {
    const source = bed.source('healing');
    const { privateKey } = bed.vault.addVersion('other', 'P-256');
    const signature = sign('sha256', text, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    const x = createHash('sha256').update('x').digest('base64url');
    const { privateKey: own } = bed.vault.addVersion('another', 'P-256');
    const { x: otherX = '', y: otherY = '' } = own.export({ format: 'jwk' });
    for (const [field, lie] of [
      ['value', { value: signature }],
      ['value', { value: 'AAAA' }],
      ['key', { key: { kty: 'EC', crv: 'P-256', x: otherX, y: otherY } }],
      ['key', { key: { kty: 'EC', crv: 'P-256', x, y: otherY } }],
    ] as const) {
      const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
        const content: unknown = JSON.parse(answer.body.toString());
        const isMeant = typeof content === 'object' && content !== null && field in content;
        return isMeant ? { ...answer, body: Buffer.from(merged(content, lie)) } : answer;
      };
      bed.proxy.fail({ type: 'Rewrite', rewrite });
      await signingFailure(
        source.check(never),
        field === 'key' && lie.key.x === x ? 'KeyInvalid' : 'SignerUnavailable',
        bed.planted,
      );
    }
    bed.proxy.heal();
    await source.check(never);
  });

  it('wants a token for something else, or of another directory, gets none', async () => {
    const given = bed.vault.directory.tokens.size;
    for (const challenge of [
      { resource: 'https://management.azure.com' },
      { resource: 'https://0.0.1' },
      { authorization: 'https://login.evil.example/11112222-3333-4444-5555-666677778888' },
    ]) {
      bed.vault.challenge = challenge;
      await signingFailure(bed.source('healing').check(never), 'SignerUnauthorized', bed.planted);
    }
    assert.equal(bed.vault.directory.tokens.size, given);
  });

  it('writes its directory in capitals is understood', async () => {
    const { server, tenantID } = bed.vault.directory;
    bed.vault.challenge = { authorization: `${server.url}/${tenantID.toUpperCase()}` };
    await bed.source('healing').check(never);
  });

  it('refuses, quotes nothing of its answer', async () => {
    const clients = [...bed.vault.permitted];
    const source = bed.source('healing');
    bed.vault.permitted.clear();
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', bed.planted);
    assert.match(message, /Key Vault Crypto User/);
    for (const client of clients) bed.vault.permitted.add(client);
    bed.vault.directory.tokens.clear();
    await signingFailure(source.check(never), 'SignerUnauthorized', bed.planted);
    // The token that was refused is not used again.
    await source.check(never);
  });
});

function merged(content: object, lie: object): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries({ ...content }).map(([name, value]: [string, unknown]) => {
        const part: unknown = Reflect.get(lie, name);
        const isObject = typeof part === 'object' && typeof value === 'object';
        return [name, isObject ? { ...value, ...part } : (part ?? value)];
      }),
    ),
  );
}
