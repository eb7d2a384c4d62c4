// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../../src/api/v1alpha1/kinds.ts';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EffectiveCloudAuthentication } from '../../src/api/v1alpha1/storage-backend/defaults.ts';
import type { Access } from '../../src/credentials/access.ts';
import { acrRefreshToken } from '../../src/storage/oci/cloud/acr-refresh-token.ts';
import { CloudKeychain } from '../../src/storage/oci/cloud/cloud-keychain.ts';
import { ecrPassword } from '../../src/storage/oci/cloud/ecr-password.ts';
import { GoogleRegistryTokens } from '../../src/storage/oci/cloud/google-registry-tokens.ts';
import { reasonOf } from '../../src/storage/reason-of.fixture.ts';
import { AzureDirectory } from '../testbed/azure-key-vault/azure-directory.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { TlsDouble } from '../testbed/token-exchange/tls-double.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';

const never = new AbortController().signal;
const APPLICATION = '0a1b2c3d-aaaa-4bbb-8ccc-ddddeeeeffff';
const identity = (secretName: string) => ({ type: 'Secret', namespace: 'team', secretName }) as const;

function entries(values: Readonly<Record<string, string>>): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]));
}

describe("clouds' registries", () => {
  const supervisor = new Supervisor('cloud-keychains');
  const objects = new HeldObjects();
  let moto: Moto;
  let directory: AzureDirectory;
  let access: Access;

  before(async () => {
    moto = await Moto.start(supervisor);
    directory = await AzureDirectory.start();
    directory.applications.set(APPLICATION, { clientSecret: 'planted-secret' });
    access = signingContext(objects, { allow: ['127.0.0.0/8'] });
    const { accessKeyId, secretAccessKey } = moto.credentials;
    objects.secrets.set(
      'team/aws',
      entries({ aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey }),
    );
    objects.secrets.set('team/google', entries({ access_token: 'planted-access-token' }));
    const { tenantID } = directory;
    const azure = { tenantID, clientID: APPLICATION, clientSecret: 'planted-secret' };
    objects.secrets.set('team/azure', entries(azure));
    objects.secrets.set('team/azure-wrong', entries({ ...azure, clientSecret: 'planted-guess' }));
  });
  after(async () => {
    await directory.server.down();
    await supervisor.stop();
  });

  it('of AWS: the password that ECR gives, until it ends', async () => {
    const options = { identity: identity('aws'), region: moto.region, endpoint: moto.url };
    const { token, expiresAt } = await ecrPassword(options, access, never);
    assert.ok(token.revealText().length > 0 && !token.revealText().startsWith('AWS:'));
    // Moto's tokens all end at one moment of 2015.
    assert.ok(expiresAt instanceof Date);
  });

  it('of AWS: says BackendUnavailable while ECR is away, and who is asked', async () => {
    const options = { identity: identity('aws'), region: moto.region, endpoint: 'http://127.0.0.1:1' };
    assert.equal(await reasonOf(ecrPassword(options, access, never), /ECR in eu-central-1/), 'BackendUnavailable');
  });

  it("of Google: the access token, as the registry's password", async () => {
    const tokens = new GoogleRegistryTokens({ type: 'WorkloadIdentity' }, access);
    assert.equal((await tokens.token(identity('google'))).token.revealText(), 'planted-access-token');
  });

  /**
   * There is no emulator of Azure's registries. This double has their token exchange (`POST /oauth2/exchange`), which it grants for
   * tokens that the directory gave for the registry's own resource, and nothing else.
   */
  async function azureRegistry(): Promise<TlsDouble> {
    const double = await TlsDouble.start();
    double.serve(({ method, path, body }) => {
      const form = new URLSearchParams(body);
      const given = directory.tokens.get(form.get('access_token') ?? '');
      const isAsked = method === 'POST' && path === '/oauth2/exchange' && form.get('grant_type') === 'access_token';
      const isRight = given?.resource === 'https://containerregistry.azure.net' && form.get('service') === double.host;
      if (!isAsked || !isRight) return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } };
      return { status: 200, body: { refresh_token: `refresh-of-${given.clientID}` } };
    });
    return double;
  }

  it("of Azure: the directory's token, exchanged at the registry for a refresh token", async () => {
    const registry = await azureRegistry();
    const options = {
      origin: registry.url,
      tls: { ca: registry.ca },
      authorityHost: directory.server.url,
      authorityTls: { ca: directory.server.ca },
    };
    const { token } = await acrRefreshToken({ ...options, identity: identity('azure') }, access, never);
    assert.equal(token.revealText(), `refresh-of-${APPLICATION}`);
    await assert.rejects(acrRefreshToken({ ...options, identity: identity('azure-wrong') }, access, never), (error) => {
      assert.ok(error instanceof Error && error.name === 'CredentialError');
      assert.ok(!error.message.includes('planted'), error.message);
      return true;
    });
    directory.tokens.clear();
    registry.serve(() => ({ status: 401, body: { errors: [{ code: 'UNAUTHORIZED', message: 'planted' }] } }));
    const refused = acrRefreshToken({ ...options, identity: identity('azure') }, access, never);
    assert.equal(await reasonOf(refused, /oauth2\/exchange answers 401/), 'BackendUnauthorized');
    await registry.down();
  });

  describe('the keychain of a backend', () => {
    function keychain(kind: BackendKind, type: EffectiveCloudAuthentication['type']) {
      return new CloudKeychain({ kind, name: 'registry', namespace: 'team' }, { type }, access);
    }

    it('has nothing for a host that only looks like a registry of a cloud', async () => {
      const operator = keychain('ClusterStorageBackend', 'WorkloadIdentity');
      for (const host of ['gcr.io.evil.example', 'evil-gcr.io', 'bakery.azurecr.io:8443', '127.0.0.1:5000']) {
        assert.equal(await operator.credential(host, {}, never), undefined);
      }
    });

    it("never lends a team the operator's identity", async () => {
      const team = keychain('StorageBackend', 'WorkloadIdentity').credential('gcr.io', {}, never);
      assert.equal(await reasonOf(team, /StorageBackend team\/registry/), 'BackendRejected');
    });
  });
});
