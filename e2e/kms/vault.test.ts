// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { signingContext } from '../signing/signing-bed.ts';
import { describeSignerWithCosign } from '../signing/signer-contract.ts';
import { serviceFaults, signingFailure } from './service-faults.ts';
import { TlsDouble } from '../testbed/token-exchange/tls-double.ts';
import { VaultBed } from './vault-bed.ts';

const QUICK_MS = 3000;
const SLOW_MS = 60_000;
const never = new AbortController().signal;
const text = Buffer.from('what is signed');
const tokens: string[] = [];

let bed: VaultBed;
before(async () => {
  bed = await VaultBed.start();
});
after(() => bed.stop());
afterEach(() => {
  bed.proxy.heal();
});

/** A key of the engine that the team's Secret has a token for. */
async function newKey(name: string, type: Parameters<VaultBed['transit']['createKey']>[1] = 'ecdsa-p256') {
  await bed.transit.createKey(name, type);
  tokens.push(await bed.giveToken(name));
  return name;
}

for (const [type, digest, scheme] of [
  ['ecdsa-p256', 'sha256', 'hashivault'],
  ['rsa-2048', 'sha256', 'openbao'],
  ['ed25519', null, 'openbao'],
] as const) {
  let made: Promise<string> | undefined;
  describeSignerWithCosign(`a transit key ${type}`, {
    source: async () => {
      const key = await (made ??= newKey(`contract-${type}`, type));
      tokens.push(await bed.giveToken(key));
      return bed.source(key, { scheme });
    },
    digest,
    get secrets() {
      return tokens;
    },
  });
}

describe('a transit key', () => {
  for (const type of ['ecdsa-p384', 'ecdsa-p521'] as const) {
    it(`${type} signs with SHA-256, as the reference has it`, async () => {
      const signer = await bed.source(await newKey(type, type)).signer(never);
      assert.ok(verify('sha256', text, signer.publicKey, (await signer.sign(text)).signature));
    });
  }

  it('goes on with the version that a run was promised when it is rotated, and publishes both', async () => {
    const key = await newKey('rotated');
    const source = bed.source(key);
    const before = await source.signer(never);
    await bed.transit.rotateKey(key);
    const { signature } = await before.sign(text);
    assert.ok(verify('sha256', text, before.publicKey, signature));
    const check = await source.check(never);
    assert.notEqual(check.active?.keyID, before.keyID);
    assert.deepEqual(
      check.retired.map(({ keyID }) => keyID),
      [before.keyID],
    );
    assert.equal((await source.signer(never)).keyID, check.active?.keyID);
  });

  it('is asked for anew when its version may sign no more', async () => {
    const key = await newKey('raised');
    const source = bed.source(key);
    const before = await source.signer(never);
    await bed.transit.rotateKey(key);
    await bed.transit.configureKey(key, { min_encryption_version: 2 });
    await signingFailure(before.sign(text), 'SignerUnavailable', tokens);
    const after = await source.signer(never);
    assert.notEqual(after.keyID, before.keyID);
    await after.sign(text);
  });

  it('of a pinned version stays that', async () => {
    const key = await newKey('pinned');
    const first = await bed.source(key).signer(never);
    await bed.transit.rotateKey(key);
    const pinned = bed.source(key, { vault: { keyVersion: 1 } });
    assert.equal((await pinned.check(never)).active?.keyID, first.keyID);
    const { message } = await signingFailure(
      bed.source(key, { vault: { keyVersion: 9 } }).check(never),
      'KeyNotFound',
      tokens,
    );
    assert.match(message, /version 9/);
  });

  it('of another mount and namespace is found there', async () => {
    await bed.transit.mount('bakery/signing');
    await bed.transit.createKey('bread', 'ecdsa-p256', 'bakery/signing');
    tokens.push(await bed.giveToken('bread', 'bakery/signing'));
    await bed.source('bread', { vault: { transitPath: '/signing/', namespace: 'bakery' } }).check(never);
    await signingFailure(bed.source('bread').check(never), 'SignerUnauthorized', tokens);
  });

  it('that does not exist, does not sign or is badly named is refused with the remedy', async () => {
    const cipher = await newKey('cipher', 'aes256-gcm96');
    assert.match((await signingFailure(bed.source(cipher).check(never), 'KeyInvalid', tokens)).message, /aes256-gcm96/);
    tokens.push(await bed.giveToken('nobody'));
    assert.match((await signingFailure(bed.source('nobody').check(never), 'KeyNotFound', tokens)).message, /create it/);
    for (const uri of ['hashivault://', 'hashivault://a/b', 'openbao://../x', 'openbao://a?b=c']) {
      const { message } = await signingFailure(bed.source(uri).check(never), 'KeyNotFound', tokens);
      assert.ok(message.includes(uri));
    }
    const outside = bed.source('nobody', { vault: { transitPath: '../sys' } });
    assert.match((await signingFailure(outside.check(never), 'KeyNotFound', tokens)).message, /is not a path/);
  });

  it('waits for a token that is good', async () => {
    const key = await newKey('waiting');
    const source = bed.source(key);
    const good = bed.objects.secrets.get('team/vault') ?? {};
    const revoked = await bed.giveToken(key);
    await bed.transit.revoke(revoked);
    const refused = await signingFailure(source.check(never), 'SignerUnauthorized', [revoked]);
    assert.match(refused.message, /sign\/NAME/);
    for (const bad of ['', 'two\nlines', 'non-ascii ü']) {
      bed.objects.secrets.set('team/vault', { token: Buffer.from(bad) });
      const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', []);
      assert.match(message, /Secret "team\/vault" has no usable entry "token"/);
    }
    bed.objects.secrets.delete('team/vault');
    await signingFailure(source.check(never), 'SignerUnauthorized', []);
    bed.objects.secrets.set('team/vault', good);
    await source.check(never);
  });

  it("is not asked at all where the operator's rules forbid its address", async () => {
    const key = await newKey('forbidden');
    const context = signingContext(bed.objects);
    const failure = signingFailure(bed.source(key, { context }).signer(never), 'EndpointForbidden', tokens);
    assert.match((await failure).message, /outbound\.allow/);
    await context.egress.close();
  });

  it("of a team's policy is never used with what the operator's environment has", async () => {
    const key = await newKey('own');
    const environment = { VAULT_TOKEN: 'planted-operator-token', VAULT_ADDR: bed.proxy.url, VAULT_NAMESPACE: 'x' };
    Object.assign(process.env, environment);
    try {
      const anonymous = bed.source(key, { identity: {} });
      assert.match((await signingFailure(anonymous.check(never), 'SignerUnauthorized', tokens)).message, /secretRef/);
      bed.objects.secrets.delete('team/vault');
      await signingFailure(bed.source(key).check(never), 'SignerUnauthorized', tokens);
      await bed.giveToken(key);
      await bed.source(key).check(never);
      const sent = bed.proxy.requests.map(({ headers }) => headers);
      assert.ok(sent.every((headers) => headers['x-vault-token'] !== environment.VAULT_TOKEN));
      assert.ok(sent.every((headers) => headers['x-vault-namespace'] !== environment.VAULT_NAMESPACE));
      // A cluster policy is used with exactly that.
      const cluster = bed.source(key, { kind: 'ClusterSigningPolicy', identity: {} });
      await signingFailure(cluster.check(never), 'SignerUnauthorized', [environment.VAULT_TOKEN]);
      process.env.VAULT_TOKEN = await bed.giveToken(key);
      await cluster.check(never);
    } finally {
      for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
    }
  });
});

describe('a transit engine, when it', () => {
  let key: string;
  before(async () => {
    key = await newKey('faults');
  });

  for (const [what, fault] of Object.entries(serviceFaults)) {
    it(`${what}, gives no signature, and gives one again afterwards`, async () => {
      await bed.giveToken(key);
      const source = bed.source(key, fault.type === 'Hang' ? { timeoutMs: QUICK_MS } : {});
      const signer = await source.signer(never);
      bed.proxy.fail(fault);
      await signingFailure(signer.sign(text), 'SignerUnavailable', tokens);
      await signingFailure(source.signer(never), 'SignerUnavailable', tokens);
      bed.proxy.heal();
      await (await source.signer(never)).sign(text);
    });
  }

  it('is killed, gives no signature, and signs with the same key once it is back', async () => {
    await bed.giveToken(key);
    const source = bed.source(key);
    const signer = await source.signer(never);
    await bed.transit.down();
    await signingFailure(signer.sign(text), 'SignerUnavailable', tokens);
    await bed.transit.up();
    const back = await source.signer(never);
    assert.equal(back.keyID, signer.keyID);
    await back.sign(text);
  });

  it('is slow, is waited for no longer than a call may take', async () => {
    await bed.giveToken(key);
    const source = bed.source(key, { timeoutMs: QUICK_MS });
    bed.proxy.fail({ type: 'Slow', milliseconds: 50 });
    await source.check(never);
    bed.proxy.fail({ type: 'Slow', milliseconds: SLOW_MS });
    const started = performance.now();
    await signingFailure(source.check(never), 'SignerUnavailable', tokens);
    assert.ok(performance.now() - started < SLOW_MS / 3);
  });

  it('is a standby node that sends on, is not followed, and says what to do', async () => {
    await bed.giveToken(key);
    const source = bed.source(key);
    const signer = await source.signer(never);
    const active = await TlsDouble.start();
    // As the active node answers requests without a token.
    active.serve(() => ({ status: 403, body: { errors: ['permission denied'] } }));
    const context = signingContext(bed.objects, { allow: [bed.proxy.host, active.host], clock: bed.clock });
    bed.objects.configMaps.set('team/vault-ca', { 'ca.crt': `${bed.proxy.ca ?? ''}${active.ca}` });
    for (const location of [`${active.url}/v1/transit/keys/${key}`, `${active.url}/v1/transit/sign/${key}/sha2-256`]) {
      bed.proxy.fail({ type: 'Redirect', location });
      const failing = [bed.source(key, { context }).check(never), signer.sign(text)] as const;
      for (const { message } of await Promise.all(
        failing.map((one) => signingFailure(one, 'SignerUnavailable', tokens)),
      ))
        assert.match(message, /standby node.*vault\.address/);
    }
    assert.ok(active.requests.every(({ headers }) => headers['x-vault-token'] === undefined));
    await context.egress.close();
    await active.down();
  });

  it('has too much to do, is left alone for as long as it asks', async () => {
    bed.proxy.fail({ type: 'Status', status: 429, headers: { 'retry-after': '7' } });
    const { retryAfterSeconds } = await signingFailure(bed.source(key).check(never), 'SignerUnavailable', tokens);
    assert.equal(retryAfterSeconds, 7);
  });

  it('lies about the signature, or about the key, is not believed', async () => {
    await bed.transit.createKey('another');
    await bed.transit.policy('both', ['transit/keys/*', 'transit/sign/*/*']);
    const token = await bed.transit.token(['both']);
    bed.objects.secrets.set('team/vault', { token: Buffer.from(token) });
    const source = bed.source(key);
    const other = await bed.source('another').signer(never);
    const signature = Buffer.from((await other.sign(text)).signature).toString('base64');
    const publicKey = JSON.stringify(other.publicKey).slice(1, -1);
    for (const [pattern, lie] of [
      [/vault:v1:[^"]+/, `vault:v1:${signature}`],
      [/vault:v1:[^"]+/, 'vault:v1:'],
      [/-----BEGIN[^"]+/, publicKey],
    ] as const) {
      bed.proxy.fail({
        type: 'Rewrite',
        rewrite: (answer) => ({ ...answer, body: Buffer.from(answer.body.toString().replace(pattern, lie)) }),
      });
      await signingFailure(source.check(never), 'SignerUnavailable', [token]);
    }
    bed.proxy.heal();
    await source.check(never);
  });
});
