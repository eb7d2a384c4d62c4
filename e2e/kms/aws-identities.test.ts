// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { awsCredentials } from '../../src/credentials/aws/aws-credentials.ts';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { claimsOf, IdentityBed, SIGNER, TEAM } from './identity-bed.ts';
import { MotoAccounts } from './moto-accounts.ts';
import { signingFailure } from './service-faults.ts';

const never = new AbortController().signal;
const AUDIENCE = 'sts.amazonaws.com';

let bed: IdentityBed;
let moto: Moto;
let accounts: MotoAccounts;
/** Both KMS, which is called by https, and STS. */
let proxy: FaultProxy;
let context: SigningContext;

before(async () => {
  bed = await IdentityBed.start('aws-identities');
  moto = await Moto.start(bed.supervisor);
  accounts = new MotoAccounts(moto);
  proxy = await FaultProxy.start({ target: moto.url, tls: true });
  context = bed.context([proxy.host], [{ audience: AUDIENCE, hosts: [proxy.host] }]);
  const admin = new KMSClient({ endpoint: moto.url, region: moto.region, credentials: moto.credentials });
  const { KeyMetadata } = await admin.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }));
  await admin.send(new CreateAliasCommand({ AliasName: 'alias/builds', TargetKeyId: KeyMetadata?.KeyId }));
  admin.destroy();
  const ca = ['create', 'configmap', 'aws-ca', `--from-literal=ca.crt=${proxy.ca ?? ''}`];
  for (const namespace of [TEAM, 'default']) await bed.plane.kubectl([...ca, '-n', namespace]);
  await accounts.user('strong', ['kms:GetPublicKey', 'kms:Sign']);
  await accounts.user('weak', ['kms:GetPublicKey']);
  await accounts.role('signs', ['kms:GetPublicKey', 'kms:Sign']);
  await accounts.role('reads', ['s3:GetObject']);
  await moto.enforce();
});
after(async () => {
  await proxy.stop();
  await bed.stop();
});
beforeEach(() => proxy.requests.splice(0));
afterEach(() => {
  proxy.heal();
});

function spec(identity: Pick<KmsSpec, 'secretRef' | 'serviceAccountName'>, roleARN?: string): KmsSpec {
  const aws = { region: moto.region, stsEndpoint: proxy.url, ...(roleARN === undefined ? {} : { roleARN }) };
  return { uri: `awskms://${proxy.host}/alias/builds`, caBundleRef: { name: 'aws-ca' }, aws, ...identity };
}

/** Web identity tokens that were sent. */
function sentTokens(): readonly string[] {
  return proxy.requests.flatMap(({ body }) => new URLSearchParams(body.toString()).get('WebIdentityToken') ?? []);
}

describe('a Secret with AWS credentials', () => {
  async function secret(name: string, { id, secret: key }: { id: string; secret: string }): Promise<void> {
    const entries = [`--from-literal=aws_access_key_id=${id}`, `--from-literal=aws_secret_access_key=${key}`];
    await bed.plane.kubectl(['create', 'secret', 'generic', name, '-n', TEAM, ...entries]);
  }

  it('signs when its user may', async () => {
    await secret('strong', accounts.credentials('strong'));
    await bed.source(spec({ secretRef: { name: 'strong' } }), context).check(never);
  });

  it('does not sign when its user may not, or its key is wrong', async () => {
    const weak = accounts.credentials('weak');
    await secret('weak', weak);
    await secret('wrong', { ...accounts.credentials('strong'), secret: 'planted-wrong-secret' });
    for (const name of ['weak', 'wrong']) {
      const { message } = await signingFailure(
        bed.source(spec({ secretRef: { name } }), context).check(never),
        'SignerUnauthorized',
        [weak.secret, 'planted-wrong-secret'],
      );
      assert.match(message, /kms:GetPublicKey and kms:Sign/);
    }
  });
});

describe('a ServiceAccount with a role of AWS', () => {
  it('signs with a token for STS alone, which is exchanged once', async () => {
    const source = bed.source(spec({ serviceAccountName: SIGNER }, accounts.arn('signs')), context);
    for (let run = 0; run < 3; run += 1) await source.check(never);
    const [token = '', ...more] = sentTokens();
    assert.deepEqual(more, []);
    const claims = claimsOf(token);
    assert.deepEqual(claims['aud'], [AUDIENCE]);
    assert.equal(claims['sub'], `system:serviceaccount:${TEAM}:${SIGNER}`);
  });

  it('exchanges its token again shortly before the credentials end', async () => {
    const identity = { type: 'ServiceAccount', namespace: TEAM, serviceAccountName: SIGNER } as const;
    const options = { identity, region: moto.region, roleARN: accounts.arn('signs'), stsEndpoint: proxy.url };
    const credentials = awsCredentials({ ...options, tls: { ca: proxy.ca ?? '' } }, context);
    const first = await credentials();
    await bed.clock.advance(50 * 60_000);
    assert.equal(await credentials(), first);
    await bed.clock.advance(6 * 60_000);
    assert.notEqual((await credentials()).accessKeyId, first.accessKeyId);
    assert.equal(sentTokens().length, 2);
  });

  it('exchanges its token again when its session is revoked before it ends', async () => {
    const source = bed.source(spec({ serviceAccountName: SIGNER }, accounts.arn('signs')), context);
    await source.check(never);
    const sessions = (): readonly string[] => [
      ...new Set(proxy.requests.flatMap(({ headers }) => headers['x-amz-security-token'] ?? [])),
    ];
    const [revoked = ''] = sessions();
    proxy.fail(
      {
        type: 'Status',
        status: 400,
        headers: { 'content-type': 'application/x-amz-json-1.1' },
        body: '{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}',
      },
      { when: ({ headers }) => headers['x-amz-security-token'] === revoked },
    );
    await signingFailure(source.check(never), 'SignerUnauthorized', [...sentTokens(), ...sessions()]);
    await source.check(never);
    assert.equal(sentTokens().length, 2);
  });

  it('does not sign under a role that may not, or without one', async () => {
    const reads = bed.source(spec({ serviceAccountName: SIGNER }, accounts.arn('reads')), context);
    await signingFailure(reads.check(never), 'SignerUnauthorized', sentTokens());
    const none = bed.source(spec({ serviceAccountName: SIGNER }), context);
    assert.match((await signingFailure(none.check(never), 'SignerUnauthorized', [])).message, /set roleARN/);
  });

  it('gets no token for a host that the configuration does not list', async () => {
    const elsewhere = bed.context([proxy.host], [{ audience: AUDIENCE, hosts: ['sts.eu-central-1.amazonaws.com'] }]);
    const source = bed.source(spec({ serviceAccountName: SIGNER }, accounts.arn('signs')), elsewhere);
    const { message } = await signingFailure(source.check(never), 'SignerUnauthorized', []);
    assert.match(message, /tokens\.destinations/);
    assert.equal(proxy.requests.length, 0);
  });

  it('waits while STS fails or refuses, shows no token, and signs afterwards', async () => {
    const source = bed.source(spec({ serviceAccountName: SIGNER }, accounts.arn('signs')), context);
    const isSts = ({ body }: { body: Buffer }): boolean => body.includes('WebIdentityToken');
    proxy.fail({ type: 'Status', status: 500 }, { when: isSts });
    await signingFailure(source.check(never), 'SignerUnavailable', []);
    const denied =
      '<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>TOKEN</Message></Error></ErrorResponse>';
    const status = { type: 'Status', status: 400, headers: { 'content-type': 'text/xml' }, body: denied } as const;
    proxy.fail(status, { when: isSts });
    const refused = await signingFailure(source.check(never), 'SignerUnauthorized', sentTokens());
    assert.match(refused.message, /trust policy/);
    proxy.fail({ type: 'Garbage' }, { when: isSts });
    await signingFailure(source.check(never), 'SignerUnavailable', sentTokens());
    assert.equal(sentTokens().length, 3);
    proxy.heal();
    await source.check(never);
  });
});

describe("the operator's own identity at AWS", () => {
  const policy = { kind: 'ClusterSigningPolicy', description: 'ClusterSigningPolicy builds' } as const;

  async function withEnvironment(environment: Readonly<Record<string, string>>, work: () => Promise<void>) {
    Object.assign(process.env, environment);
    try {
      await work();
    } finally {
      for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
    }
  }

  async function check(): Promise<void> {
    const source = kmsSource({ ...policy, homeNamespace: 'default', signer: { type: 'KMS', kms: spec({}) } }, context);
    try {
      await source.check(never);
    } finally {
      await source.close();
    }
  }

  it('is a user of its environment', async () => {
    const { id, secret } = accounts.credentials('strong');
    await withEnvironment({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }, check);
    const { message } = await signingFailure(check(), 'SignerUnauthorized', []);
    assert.match(message, /no AWS identity of its own/);
  });

  it('is a role for the token file that its pod projects', async () => {
    const { stdout } = await bed.plane.kubectl(['create', 'token', 'operator', `--audience=${AUDIENCE}`]);
    const file = join(bed.supervisor.dataDirectory('tokens'), 'aws');
    writeFileSync(file, stdout);
    await withEnvironment({ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: accounts.arn('signs') }, check);
    assert.deepEqual(sentTokens(), [stdout.trim()]);
  });

  it("is what a pod's agent gives", async () => {
    const { id, secret } = accounts.credentials('strong');
    const session = await accounts.session('signs');
    const asked: (string | undefined)[] = [];
    const agent = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.end(JSON.stringify(session));
    });
    await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
    const address = agent.address();
    assert.ok(address !== null && typeof address === 'object');
    const file = join(bed.supervisor.dataDirectory('tokens'), 'agent');
    writeFileSync(file, 'planted-agent-token\n');
    const uri = `http://127.0.0.1:${address.port}/v1/credentials`;
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file };
    await withEnvironment(environment, check);
    assert.deepEqual(asked, ['planted-agent-token']);
    const foreign = { ...environment, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://192.0.2.1/credentials' };
    await withEnvironment(foreign, async () => {
      await signingFailure(check(), 'SignerUnauthorized', ['planted-agent-token', id, secret]);
    });
    agent.close();
  });
});
