// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { SecretValue } from '../../src/runtime/secret-value.ts';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import { SigningError } from '../../src/signing/signing-error.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { TlsDouble } from '../testbed/token-exchange/tls-double.ts';
import type { DoubleAnswer, DoubleRequest } from '../testbed/token-exchange/tls-double.ts';

const never = new AbortController().signal;
const TENANT = '5c4b3a29-1111-4222-8333-444455556666';
const PROVIDER = 'projects/1/locations/global/workloadIdentityPools/p/providers/c';
/** Everything that is the operator's has this in it. */
const PLANTED = 'planted';

/** A service that refuses everything, and what it was sent. */
let service: TlsDouble;
/** The target of every variable of the operator's environment: metadata servers, endpoints, proxies. */
let trap: Server;
const trapped: string[] = [];
let environment: Readonly<Record<string, string>>;
let folder: string;
let context: SigningContext;
const objects = new HeldObjects();

before(async () => {
  service = await TlsDouble.start();
  service.serve(refusal);
  trap = createServer((request, response) => {
    trapped.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.end('{}');
  });
  trap.on('connect', ({ url }, socket) => {
    trapped.push(`CONNECT ${url ?? ''}`);
    socket.destroy();
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  const address = trap.address();
  assert.ok(address !== null && typeof address === 'object');
  folder = mkdtempSync(join(tmpdir(), 'hallmark-ambient-'));
  environment = ambient(`127.0.0.1:${address.port}`);
  const plain = signingContext(objects, { allow: [service.host, `127.0.0.1:${address.port}`] });
  const expiresAt = new Date(Date.now() + 600_000);
  const tokens = { token: () => Promise.resolve({ token: new SecretValue('e30.e30.team'), expiresAt }) };
  context = { ...plain, tokens };
  objects.configMaps.set('team/ca', { 'ca.crt': service.ca });
});
after(async () => {
  await context.egress.close();
  await service.down();
  trap.closeAllConnections();
  await new Promise((resolve) => trap.close(resolve));
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  trapped.splice(0);
  service.requests.splice(0);
  objects.secrets.clear();
  Object.assign(process.env, environment);
});
afterEach(() => {
  for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
});

/** Refuses, and sends requests for a key of Azure to a directory that refuses as well. */
function refusal({ path, headers }: DoubleRequest): DoubleAnswer {
  const authority = `${service.url}/${TENANT}`;
  if (path.endsWith('/openid-configuration')) {
    const endpoints = { authorization_endpoint: `${authority}/authorize`, token_endpoint: `${authority}/token` };
    return { status: 200, body: { issuer: authority, jwks_uri: `${authority}/keys`, ...endpoints } };
  }
  if (headers['authorization'] !== undefined || !path.startsWith('/keys/')) return { status: 403, body: {} };
  const challenge = `Bearer authorization="${authority}", resource="https://127.0.0.1"`;
  return { status: 401, body: {}, headers: { 'www-authenticate': challenge } };
}

/** An operator with an identity of its own in every cloud, by each way that the clouds' libraries look for one. */
function ambient(host: string): Record<string, string> {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const token = file('token', 'planted.jwt.token');
  const aws = '[default]\naws_access_key_id = AKIAPLANTEDplanted\naws_secret_access_key = planted\n';
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const google = { type: 'service_account', client_email: 'planted@x', private_key: pem, token_uri: `http://${host}/` };
  return {
    AWS_ACCESS_KEY_ID: 'AKIAPLANTEDplanted',
    AWS_SECRET_ACCESS_KEY: 'planted-secret',
    AWS_SESSION_TOKEN: 'planted-session',
    AWS_SHARED_CREDENTIALS_FILE: file('aws', aws),
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/planted',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${host}/agent`,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${host}`,
    AWS_ENDPOINT_URL: `http://${host}`,
    AWS_ENDPOINT_URL_KMS: `http://${host}`,
    AWS_ENDPOINT_URL_STS: `http://${host}`,
    GCE_METADATA_HOST: host,
    METADATA_SERVER_DETECTION: 'assume-present',
    GOOGLE_APPLICATION_CREDENTIALS: file('google.json', JSON.stringify(google)),
    GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'planted.example',
    AZURE_TENANT_ID: TENANT,
    AZURE_CLIENT_ID: 'planted-client',
    AZURE_CLIENT_SECRET: 'planted-secret',
    AZURE_FEDERATED_TOKEN_FILE: token,
    AZURE_AUTHORITY_HOST: `http://${host}/`,
    IDENTITY_ENDPOINT: `http://${host}/msi`,
    IDENTITY_HEADER: 'planted',
    VAULT_ADDR: `http://${host}`,
    BAO_ADDR: `http://${host}`,
    VAULT_TOKEN: 'planted-token',
    BAO_TOKEN: 'planted-token',
    VAULT_NAMESPACE: 'planted',
    HALLMARK_VAULT_TOKEN_FILE: token,
    HTTP_PROXY: `http://${host}`,
    HTTPS_PROXY: `http://${host}`,
    ALL_PROXY: `http://${host}`,
  };
}

interface Case {
  readonly spec: () => KmsSpec;
  /** Entries of a Secret that the service refuses. */
  readonly secret: Readonly<Record<string, string>>;
}

const cases: Readonly<Record<string, Case>> = {
  'AWS KMS': {
    spec: () => {
      const role = 'arn:aws:iam::111122223333:role/team';
      const aws = { region: 'eu-central-1', roleARN: role, stsEndpoint: service.url };
      return { uri: `awskms://${service.host}/alias/builds`, aws };
    },
    secret: { aws_access_key_id: 'AKIATEAM', aws_secret_access_key: 'team' },
  },
  'Google Cloud KMS': {
    spec: () => ({
      uri: 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k',
      google: { endpoint: service.host, stsEndpoint: service.url, workloadIdentityProvider: PROVIDER },
    }),
    secret: { access_token: 'team' },
  },
  'Azure Key Vault': {
    spec: () => ({
      uri: `azurekms://${service.host}/builds`,
      azure: { tenantID: TENANT, clientID: 'team', authorityHost: service.url },
    }),
    secret: { tenantID: TENANT, clientID: 'team', clientSecret: 'team' },
  },
  Vault: {
    spec: () => ({
      uri: 'openbao://builds',
      vault: { address: service.url, authentication: { role: 'team' } },
    }),
    secret: { token: 'team' },
  },
};

/** The failure of a team's policy. */
async function failure(kms: KmsSpec): Promise<SigningError> {
  const policy = { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team' } as const;
  const spec = { ...kms, caBundleRef: { name: 'ca' } };
  const source = kmsSource({ ...policy, signer: { type: 'KMS', kms: spec } }, context, { timeoutMs: 5000 });
  const error: unknown = await source.check(never).catch((reason: unknown) => reason);
  await source.close();
  assert.ok(error instanceof SigningError, inspect(error));
  return error;
}

/** Asserts that no credential of the operator was sent, shown or requested. */
function assertNothingOfTheOperator(error: SigningError): void {
  assert.deepEqual(trapped, []);
  const sent = inspect(service.requests, { depth: 5, maxStringLength: null }).toLowerCase();
  assert.ok(!sent.includes(PLANTED), sent);
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).toLowerCase().includes(PLANTED));
}

for (const [name, { spec, secret }] of Object.entries(cases)) {
  describe(`a team's policy for ${name}, where the operator has an identity of its own,`, () => {
    it('is that of no account when it names none', async () => {
      const error = await failure(spec());
      assert.equal(error.reason, 'SignerUnauthorized');
      assert.match(error.message, /cluster policies only/);
      assertNothingOfTheOperator(error);
      assert.equal(service.requests.length, 0);
    });

    it('is not made to work by it when its Secret is missing or empty', async () => {
      for (const entries of [undefined, {}]) {
        if (entries !== undefined) objects.secrets.set('team/own', entries);
        const error = await failure({ ...spec(), secretRef: { name: 'own' } });
        assert.match(error.message, /Secret "team\/own"/);
        assertNothingOfTheOperator(error);
      }
    });

    it('sends what its Secret holds, and nothing else', async () => {
      const entries = Object.entries(secret).map(([entry, text]) => [entry, Buffer.from(text)] as const);
      objects.secrets.set('team/own', Object.fromEntries(entries));
      assertNothingOfTheOperator(await failure({ ...spec(), secretRef: { name: 'own' } }));
      assert.ok(service.requests.length > 0);
    });

    it('sends the token of its ServiceAccount, and nothing else', async () => {
      assertNothingOfTheOperator(await failure({ ...spec(), serviceAccountName: 'signer' }));
      const sent = inspect(service.requests, { depth: 5, maxStringLength: null });
      assert.ok(sent.includes('e30.e30.team'), sent);
    });
  });
}

describe("a team's policy for AWS KMS without a host", () => {
  it('is for the endpoint of its region, whatever endpoint the operator has in its environment', async () => {
    objects.secrets.set('team/own', { aws_access_key_id: Buffer.from('a'), aws_secret_access_key: Buffer.from('b') });
    // Not the region of any team: the name does not resolve.
    const kms = { uri: 'awskms:///alias/builds', aws: { region: 'xx-nowhere-1' }, secretRef: { name: 'own' } };
    const error = await failure(kms);
    assert.equal(error.reason, 'SignerUnavailable');
    assertNothingOfTheOperator(error);
  });
});
