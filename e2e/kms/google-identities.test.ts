// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { MetadataServer } from '../testbed/google-kms/metadata-server.ts';
import { GoogleKms } from '../testbed/google-kms/google-kms.ts';
import { claimsOf, IdentityBed, SIGNER, TEAM } from './identity-bed.ts';
import { RING } from './google-bed.ts';
import { serviceFaults, signingFailure } from './service-faults.ts';

const never = new AbortController().signal;
const PROVIDER = 'projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/build';
const POOL = PROVIDER.replace(/\/providers.*/, '');
const AUDIENCE = `//iam.googleapis.com/${PROVIDER}`;
const PRINCIPAL = `principal://iam.googleapis.com/${POOL}/subject/system:serviceaccount:${TEAM}:${SIGNER}`;
const EMAIL = 'release@team-project.iam.gserviceaccount.com';

let bed: IdentityBed;
let kms: GoogleKms;
/** Between the operator and every Google API. */
let proxy: FaultProxy;
/** Tokens that ServiceAccounts sent, and that Google issued. */
const planted = (): readonly string[] => [...kms.iam.tokens.keys(), ...sentTokens()];

before(async () => {
  bed = await IdentityBed.start('google-identities');
  kms = await GoogleKms.start();
  proxy = await FaultProxy.start({ target: kms.server.url, tls: true });
  kms.addVersion('builds', 'EC_SIGN_P256_SHA256');
  await bed.plane.kubectl(['create', 'configmap', 'ca', '-n', TEAM, `--from-literal=ca.crt=${proxy.ca ?? ''}`]);
});
after(async () => {
  await proxy.stop();
  await kms.server.down();
  await bed.stop();
});
beforeEach(() => {
  proxy.requests.splice(0);
  kms.iam.providers.set(PROVIDER, { url: bed.plane.url, caFile: bed.plane.caFile });
  kms.permitted.clear();
  kms.permitted.add(PRINCIPAL);
});
afterEach(() => {
  proxy.heal();
});

function spec(google: KmsSpec['google'] = {}, who: Partial<KmsSpec> = { serviceAccountName: SIGNER }): KmsSpec {
  const endpoints = { endpoint: proxy.host, stsEndpoint: proxy.url };
  const settings = 'serviceAccountName' in who ? { workloadIdentityProvider: PROVIDER } : {};
  const uri = `gcpkms://${RING}/cryptoKeys/builds`;
  return { uri, caBundleRef: { name: 'ca' }, ...who, google: { ...endpoints, ...settings, ...google } };
}

/** Allowed destinations of tokens: the token service, for this provider. */
function context(hosts: readonly string[] = [proxy.host]) {
  return bed.context([proxy.host, kms.server.host], [{ audience: AUDIENCE, hosts }]);
}

function sentTokens(): readonly string[] {
  return proxy
    .asked('/v1/token')
    .flatMap(({ body }) => new URLSearchParams(body.toString()).get('subject_token') ?? []);
}

describe('a ServiceAccount that Google federates', () => {
  it('signs as the principal of the pool, with a token for this provider alone, exchanged once', async () => {
    const source = bed.source(spec(), context());
    await source.check(never);
    await (await source.signer(never)).sign(Buffer.from('x'));
    const [token = '', ...more] = sentTokens();
    assert.equal(more.length, 0);
    assert.deepEqual(claimsOf(token)['aud'], [AUDIENCE]);
    assert.equal(claimsOf(token)['sub'], `system:serviceaccount:${TEAM}:${SIGNER}`);
    await bed.clock.advance(3_500_000);
    await source.check(never);
    assert.equal(sentTokens().length, 2, 'asks anew shortly before the end');
  });

  it('signs as the Google service account that it impersonates', async () => {
    kms.permitted.clear();
    kms.permitted.add(`serviceAccount:${EMAIL}`);
    const source = bed.source(spec({ serviceAccountEmail: EMAIL }), context());
    const denied = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    assert.match(denied.message, /workloadIdentityUser/);
    kms.iam.impersonators.set(EMAIL, PRINCIPAL);
    await source.check(never);
  });

  it('is refused where the provider does not trust the cluster, and says so without a token', async () => {
    kms.iam.providers.clear();
    const source = bed.source(spec(), context());
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    assert.match(message, /let that provider trust/);
    assert.ok(!message.includes(sentTokens()[0] ?? 'no token was sent'));
  });

  it('is refused access to the key that it has no rights on', async () => {
    kms.permitted.clear();
    const failing = bed.source(spec(), context()).check(never);
    assert.match((await signingFailure(failing, 'SignerUnauthorized', planted())).message, /roles\/cloudkms/);
  });

  it('sends its token nowhere but where the administrator allows', async () => {
    const elsewhere = bed.source(spec(), context(['sts.googleapis.com'])).check(never);
    assert.match((await signingFailure(elsewhere, 'SignerUnauthorized', planted())).message, /tokens\.destinations/);
    const other = bed.source(spec({}, { serviceAccountName: 'other' }), context()).check(never);
    assert.match((await signingFailure(other, 'SignerUnauthorized', planted())).message, /tokens\.serviceAccounts/);
    assert.equal(proxy.requests.length, 0);
  });

  it('signs with what Google gave for its token at Google alone, or where the token itself may go', async () => {
    const thief = await FaultProxy.start({ target: kms.server.url, tls: true });
    const { allow, destinations } = { allow: [proxy.host, thief.host], destinations: [proxy.host] };
    const elsewhere = bed.context(allow, [{ audience: AUDIENCE, hosts: destinations }]);
    const source = bed.source(spec({ endpoint: thief.host.replace('127.0.0.1', 'localhost') }), elsewhere);
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    assert.match(message, /google\.endpoint is neither below googleapis\.com/);
    for (const endpoint of ['cloudkms.googleapis.com.evil.example', 'evilgoogleapis.com', 'googleapis.com']) {
      const lookalike = bed.source(spec({ endpoint }), elsewhere);
      await signingFailure(lookalike.check(never), 'SignerUnauthorized', planted());
    }
    assert.deepEqual([thief.requests.length, sentTokens().length], [0, 0]);
    await thief.stop();
  });

  it('needs a provider that is one', async () => {
    for (const workloadIdentityProvider of ['', 'projects/1/other', `https://evil.example/${PROVIDER}`]) {
      const source = bed.source(spec({ workloadIdentityProvider }), context());
      const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
      assert.match(message, /workloadIdentityPools/);
    }
  });

  for (const [what, fault] of Object.entries(serviceFaults).filter(([name]) => name !== 'does not answer')) {
    it(`waits when the token service ${what}`, async () => {
      const source = bed.source(spec(), context());
      proxy.fail(fault, { when: ({ path }) => path === '/v1/token' });
      await signingFailure(source.check(never), 'SignerUnavailable', planted());
      proxy.heal();
      await source.check(never);
    });
  }
});

describe('a Secret with Google credentials', () => {
  async function put(entries: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { name: 'google', namespace: TEAM };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: entries };
    await bed.plane.kubectl(['delete', 'secret', 'google', '-n', TEAM, '--ignore-not-found']);
    await bed.plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(secret) });
  }

  it('signs with a ready token, and with another as soon as it is there', async () => {
    kms.permitted.add('someone');
    await put({ access_token: kms.iam.token('nobody') });
    const source = bed.source(spec({}, { secretRef: { name: 'google' } }), context());
    await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    await put({ access_token: `${kms.iam.token('someone')}\n` });
    await source.check(never);
  });

  it('signs with a service account key, and with the next as soon as it is there', async () => {
    kms.permitted.add(`serviceAccount:${EMAIL}`);
    const old = kms.iam.serviceAccountKey(EMAIL, proxy.url);
    await put({ 'credentials.json': old });
    const key = kms.iam.serviceAccountKey(EMAIL, proxy.url);
    const source = bed.source(spec({}, { secretRef: { name: 'google' } }), context());
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', [...planted(), 'PRIVATE KEY']);
    assert.match(message, /invalid_grant.*put a valid one there/);
    await put({ 'credentials.json': key });
    await source.check(never);
  });

  it('that holds something else is refused with the remedy, and without what it holds', async () => {
    const source = bed.source(spec({}, { secretRef: { name: 'google' } }), context());
    const command = '{"type":"external_account","credential_source":{"executable":{"command":"/bin/planted"}}}';
    for (const [entries, remedy] of [
      [{ other: 'planted' }, /credentials\.json/],
      [{ 'credentials.json': 'planted' }, /is not JSON/],
      [{ 'credentials.json': command }, /type "service_account"/],
      [
        { 'credentials.json': '{"type":"service_account","client_email":"a@b","private_key":"planted"}' },
        /private_key/,
      ],
      [{ access_token: 'planted token with spaces' }, /is not a token/],
    ] as const) {
      await put(entries);
      const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', ['planted']);
      assert.match(message, remedy);
    }
    assert.equal(proxy.requests.length, 0);
  });
});

describe("the operator's own Google identity", () => {
  const cluster = {
    kind: 'ClusterSigningPolicy',
    description: 'ClusterSigningPolicy all',
    homeNamespace: TEAM,
  } as const;
  let metadata: MetadataServer;
  before(async () => {
    metadata = await MetadataServer.start(() => kms.iam.token(`serviceAccount:${EMAIL}`));
    // The variables that point Google's libraries at the metadata server, and tell them that there is one.
    Object.assign(process.env, { GCE_METADATA_HOST: metadata.host, METADATA_SERVER_DETECTION: 'assume-present' });
  });
  after(async () => {
    for (const name of ['GCE_METADATA_HOST', 'METADATA_SERVER_DETECTION']) Reflect.deleteProperty(process.env, name);
    await metadata.stop();
  });

  it('is that of the metadata server, for cluster policies alone', async () => {
    kms.permitted.add(`serviceAccount:${EMAIL}`);
    const { uri, caBundleRef, google } = spec({}, {});
    const unnamed = {
      uri,
      ...(caBundleRef === undefined ? {} : { caBundleRef }),
      google: { endpoint: google?.endpoint ?? '' },
    };
    const source = kmsSource({ ...cluster, signer: { type: 'KMS', kms: unnamed } }, context());
    // Google's library would run it to find a project, which may take longer than a signature.
    const folder = bed.supervisor.dataDirectory('path');
    writeFileSync(join(folder, 'gcloud'), `#!/bin/sh\ntouch ${folder}/ran\n`, { mode: 0o755 });
    const path = process.env['PATH'] ?? '';
    process.env['PATH'] = `${folder}:${path}`;
    await source.check(never).finally(() => (process.env['PATH'] = path));
    await source.close();
    assert.ok(metadata.given > 0);
    assert.ok(!existsSync(join(folder, 'ran')), 'no command was run');
    const refused = await signingFailure(bed.source(unnamed, context()).check(never), 'SignerUnauthorized', planted());
    assert.match(refused.message, /cluster policies only/);
  });
});
