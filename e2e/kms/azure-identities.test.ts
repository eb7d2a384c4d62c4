// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import { AzureKeyVault } from '../testbed/azure-key-vault/azure-key-vault.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { claimsOf, IdentityBed, SIGNER, TEAM } from './identity-bed.ts';
import { serviceFaults, signingFailure } from './service-faults.ts';

const never = new AbortController().signal;
const AUDIENCE = 'api://AzureADTokenExchange';
const CLIENT = '0a1b2c3d-aaaa-4bbb-8ccc-ddddeeeeffff';

let bed: IdentityBed;
let vault: AzureKeyVault;
/** Between the operator and the directory. */
let proxy: FaultProxy;
/** Everything secret that went over the line. */
const planted = (): readonly string[] => [...vault.directory.tokens.keys(), ...sentTokens(), 'planted'];

before(async () => {
  bed = await IdentityBed.start('azure-identities');
  vault = await AzureKeyVault.start();
  proxy = await FaultProxy.start({ target: vault.directory.server.url, tls: true });
  vault.addVersion('builds', 'P-256');
  vault.permitted.add(CLIENT);
  const ca = `${vault.server.ca}${proxy.ca ?? ''}`;
  await bed.plane.kubectl(['create', 'configmap', 'ca', '-n', TEAM, `--from-literal=ca.crt=${ca}`]);
});
after(async () => {
  await proxy.stop();
  await vault.stop();
  await bed.stop();
});
beforeEach(() => {
  proxy.requests.splice(0);
  vault.directory.address = proxy.url;
  vault.directory.tokenEndpoint = undefined;
  trust(`system:serviceaccount:${TEAM}:${SIGNER}`);
});
afterEach(() => {
  proxy.heal();
});

function trust(subject: string): void {
  const issuer = { url: bed.plane.url, caFile: bed.plane.caFile };
  vault.directory.applications.set(CLIENT, { clientSecret: 'planted~secret', federated: { issuer, subject } });
}

function spec(azure: KmsSpec['azure'] = {}, who: Partial<KmsSpec> = { serviceAccountName: SIGNER }): KmsSpec {
  const { tenantID } = vault.directory;
  const settings = 'serviceAccountName' in who ? { tenantID, clientID: CLIENT } : {};
  const uri = `azurekms://${vault.server.host}/builds`;
  return { uri, caBundleRef: { name: 'ca' }, ...who, azure: { authorityHost: proxy.url, ...settings, ...azure } };
}

/** Allowed destinations of tokens: the directory. */
function context(hosts: readonly string[] = [proxy.host]) {
  return bed.context([proxy.host, vault.server.host], [{ audience: AUDIENCE, hosts }]);
}

function sentTokens(): readonly string[] {
  return proxy
    .asked('/oauth2/v2.0/token')
    .flatMap(({ body }) => new URLSearchParams(body.toString()).get('client_assertion') ?? []);
}

describe('a ServiceAccount that an application of Entra ID trusts', () => {
  it('signs with a token for the exchange alone, exchanged once', async () => {
    const source = bed.source(spec(), context());
    await source.check(never);
    await (await source.signer(never)).sign(Buffer.from('x'));
    const [token = '', ...more] = sentTokens();
    assert.equal(more.length, 0);
    assert.deepEqual(claimsOf(token)['aud'], [AUDIENCE]);
    assert.equal(claimsOf(token)['sub'], `system:serviceaccount:${TEAM}:${SIGNER}`);
  });

  it('is refused by an application that trusts another, and says so without a token', async () => {
    trust(`system:serviceaccount:${TEAM}:other`);
    const source = bed.source(spec(), context());
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    assert.match(message, /invalid_client.*federated credential/);
    assert.ok(sentTokens().every((token) => !message.includes(token)));
    trust(`system:serviceaccount:${TEAM}:${SIGNER}`);
    await source.check(never);
  });

  it('sends its token nowhere but where the administrator allows, whatever the directory says', async () => {
    const elsewhere = bed.source(spec(), context(['login.microsoftonline.com'])).check(never);
    assert.match((await signingFailure(elsewhere, 'SignerUnauthorized', planted())).message, /tokens\.destinations/);
    const other = bed.source(spec({}, { serviceAccountName: 'other' }), context()).check(never);
    assert.match((await signingFailure(other, 'SignerUnauthorized', planted())).message, /tokens\.serviceAccounts/);
    vault.directory.tokenEndpoint = `${vault.server.url}/steal`;
    const before = vault.server.requests.length;
    const stolen = bed.source(spec(), context()).check(never);
    assert.match((await signingFailure(stolen, 'SignerUnavailable', planted())).message, /not followed/);
    assert.ok(vault.server.requests.slice(before).every(({ path }) => path !== '/steal'));
    assert.equal(sentTokens().length, 0);
  });

  it('needs a directory, an application and an authority', async () => {
    const { tenantID } = vault.directory;
    for (const [azure, remedy] of [
      [{ clientID: CLIENT }, /tenantID and clientID/],
      [{ tenantID }, /tenantID and clientID/],
      [{ tenantID, clientID: CLIENT, authorityHost: 'http://127.0.0.1' }, /not an https URL/],
    ] as const) {
      const source = bed.source({ ...spec(), azure }, context());
      assert.match((await signingFailure(source.check(never), 'SignerUnauthorized', planted())).message, remedy);
    }
  });

  for (const [what, fault] of Object.entries(serviceFaults).filter(([name]) => name !== 'does not answer')) {
    it(`waits when the directory ${what}`, async () => {
      const source = bed.source(spec(), context());
      proxy.fail(fault);
      await signingFailure(source.check(never), 'SignerUnavailable', planted());
      proxy.fail(fault, { when: ({ method }) => method === 'POST' });
      await signingFailure(source.check(never), 'SignerUnavailable', planted());
      proxy.heal();
      await source.check(never);
    });
  }
});

describe('a Secret with an application of Entra ID', () => {
  const secretRef = { name: 'azure' };

  async function put(entries: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { name: 'azure', namespace: TEAM };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: entries };
    await bed.plane.kubectl(['delete', 'secret', 'azure', '-n', TEAM, '--ignore-not-found']);
    await bed.plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(secret) });
  }

  it('signs, and with another secret as soon as it is there', async () => {
    const { tenantID } = vault.directory;
    await put({ tenantID, clientID: CLIENT, clientSecret: 'planted~outdated' });
    const source = bed.source(spec({}, { secretRef }), context());
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    assert.match(message, /put valid tenantID, clientID and clientSecret there/);
    await put({ clientSecret: 'planted~secret\n' });
    assert.match((await signingFailure(source.check(never), 'SignerUnauthorized', planted())).message, /"tenantID"/);
    await put({ tenantID, clientID: CLIENT, clientSecret: 'planted~secret\n' });
    await source.check(never);
    const withSettings = bed.source(spec({ tenantID, clientID: CLIENT }, { secretRef }), context());
    await put({ clientSecret: 'planted~secret' });
    await withSettings.check(never);
  });
});

describe("the operator's own Azure identity", () => {
  const cluster = {
    kind: 'ClusterSigningPolicy',
    description: 'ClusterSigningPolicy all',
    homeNamespace: TEAM,
  } as const;
  const variables = ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_AUTHORITY_HOST'];

  afterEach(() => {
    for (const name of variables) Reflect.deleteProperty(process.env, name);
  });

  it('is that of its workload identity, by the token that its pod projects, for cluster policies alone', async () => {
    const file = join(bed.supervisor.directory, 'azure-token');
    const token = ['create', 'token', 'operator', '-n', 'default', `--audience=${AUDIENCE}`];
    writeFileSync(file, (await bed.plane.kubectl(token)).stdout);
    Object.assign(process.env, {
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_TENANT_ID: vault.directory.tenantID,
      AZURE_CLIENT_ID: CLIENT,
      AZURE_AUTHORITY_HOST: proxy.url,
    });
    const kms = { uri: spec().uri, caBundleRef: { name: 'ca' } };
    const source = kmsSource({ ...cluster, signer: { type: 'KMS', kms } }, context());
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', planted());
    assert.match(message, /operator's subject/);
    trust('system:serviceaccount:default:operator');
    await source.check(never);
    await source.close();
    const ofTeam = bed.source(kms, context());
    const refused = await signingFailure(ofTeam.check(never), 'SignerUnauthorized', planted());
    assert.match(refused.message, /cluster policies only/);
  });
});
