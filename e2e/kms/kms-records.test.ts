// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { teamManifests } from '../harness/team-manifests.ts';
import type { Team } from '../harness/team.ts';
import { isVerified, verifyImage } from '../harness/verify-image.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { waitUntil } from '../testbed/index.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { Transit } from '../testbed/transit/transit.ts';

/** As the samples call the ServiceAccount that signs. */
const ACCOUNT = 'release-signer';
const VAULT_TEAM = 'rollers';
const AWS_TEAM = 'bakers';
/** moto's keys and roles are of this account. */
const MOTO_ACCOUNT = '123456789012';

describe('teams whose keys are in a service', () => {
  let installation: Installation;
  let transit: Transit;
  let moto: Moto;
  /** Before each service, to see what is sent. */
  let vault: FaultProxy;
  let aws: FaultProxy;
  let rollers: Team;
  let bakers: Team;

  before(async () => {
    installation = await Installation.start({ label: 'kms', replicas: 1 });
    const { plane, supervisor } = installation.testbed;
    const { url, caFile, adminToken } = plane;
    transit = await Transit.start(supervisor, { cluster: { url, caFile, adminToken } });
    moto = await Moto.start(supervisor);
    vault = await FaultProxy.start({ target: transit.url });
    aws = await FaultProxy.start({ target: moto.url, tls: true });
    for (const name of [VAULT_TEAM, AWS_TEAM]) await plane.kubectl(['create', 'namespace', name]);
    await installation.helm('upgrade', values());
    await installation.rolledOut();
    await plane.kubectl([
      'create',
      'clusterrolebinding',
      'discovery',
      '--clusterrole=system:service-account-issuer-discovery',
      '--group=system:unauthenticated',
    ]);
    await makeVaultKey();
    await makeAwsKey();
    rollers = await sampleTeam(VAULT_TEAM, 'kms-vault', ['https://vault.example.com', vault.url]);
    const keyUri = `awskms:///arn:aws:kms:eu-central-1:111122223333:alias/${AWS_TEAM}-builds`;
    bakers = await sampleTeam(AWS_TEAM, 'kms-aws', [keyUri, `awskms://${aws.host}/alias/${AWS_TEAM}-builds`]);
  });
  after(async () => {
    await vault.stop();
    await aws.stop();
    await installation.stop();
  });

  /** What the administrator allows. */
  function values(): readonly string[] {
    const destinations = [
      { audience: 'vault', hosts: [vault.host] },
      { audience: 'sts.amazonaws.com', hosts: [aws.host] },
    ];
    return [
      `config.outbound.allow=${JSON.stringify([installation.testbed.registry().host, vault.host, aws.host])}`,
      `config.tokens.destinations=${JSON.stringify(destinations)}`,
      `tokens.serviceAccounts=${JSON.stringify({ [VAULT_TEAM]: [ACCOUNT], [AWS_TEAM]: [ACCOUNT] })}`,
    ];
  }

  async function makeVaultKey(): Promise<void> {
    const key = `${VAULT_TEAM}-builds`;
    await transit.createKey(key);
    await transit.signingPolicy('sign', key);
    const subject = `system:serviceaccount:${VAULT_TEAM}:${ACCOUNT}`;
    const role = { method: 'jwt', audience: 'vault', subject, policies: ['sign'], seconds: 3600 } as const;
    await transit.role('auth/jwt', `${VAULT_TEAM}-signer`, role);
  }

  async function makeAwsKey(): Promise<void> {
    const client = new KMSClient({ endpoint: moto.url, region: moto.region, credentials: moto.credentials });
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec: 'RSA_3072', KeyUsage: 'SIGN_VERIFY' }));
    const alias = { AliasName: `alias/${AWS_TEAM}-builds`, TargetKeyId: KeyMetadata?.KeyId };
    await client.send(new CreateAliasCommand(alias));
    client.destroy();
  }

  /** A team that follows a sample, at the testbed's service. */
  async function sampleTeam(name: string, folder: string, [from, to]: readonly [string, string]): Promise<Team> {
    const policy = teamManifests(name, folder).find((manifest) => manifest['kind'] === 'SigningPolicy') ?? {};
    const text = JSON.stringify(policy['spec']);
    assert.ok(text.includes(from), 'the sample names the service');
    const spec = asManifest(JSON.parse(text.replace(from, to).replace('111122223333', MOTO_ACCOUNT)));
    const kms = asManifest(at(spec, 'signer', 'kms'));
    const isAws = kms['aws'] !== undefined;
    const changes = isAws ? awsChanges(asManifest(kms['aws'])) : {};
    const signer = { type: 'KMS', kms: { ...kms, ...changes } };
    const team = await installation.team({ name, withKey: false, policy: { signer } });
    const metadata = { namespace: name };
    await installation.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: ACCOUNT } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'aws-ca' }, data: { 'ca.crt': aws.ca } },
    );
    return team;
  }

  function awsChanges(settings: Manifest): Manifest {
    return { aws: { ...settings, region: moto.region, stsEndpoint: aws.url }, caBundleRef: { name: 'aws-ca' } };
  }

  async function publishedKey({ name }: Team): Promise<string> {
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', name]);
    return String(at(policy, 'status', 'publicKey'));
  }

  async function assertVerified(team: Team, image: string): Promise<void> {
    const publicKey = await publishedKey(team);
    for (const command of ['verify', 'verify-attestation'] as const) {
      await verifyImage(installation.testbed, { command, publicKey, image });
      const other = newSigningKey().publicKey;
      assert.equal(await isVerified(installation.testbed, { command, publicKey: other, image }), false);
    }
  }

  for (const [service, teamOf] of [
    ['OpenBao', () => rollers],
    ['AWS KMS', () => bakers],
  ] as const) {
    it(`get runs signed by ${service}, which cosign verifies with the key that the policy publishes`, async () => {
      const team = teamOf();
      await team.untilReady();
      const build = await team.build({ name: 'bake-1' });
      const record = await team.readyRecord(build);
      assert.equal(conditionOf(record, 'Signed')?.status, 'True');
      await assertVerified(team, build.image.reference);
    });
  }

  it('see runs wait while the service is down, and signed once it is back', async () => {
    await transit.down();
    const build = await rollers.build({ name: 'bake-2' });
    await waitUntil(
      'the record says why',
      async () => {
        const record = (await rollers.records()).find(({ spec }) => spec.runRef.name === 'bake-2');
        return record !== undefined && conditionOf(record, 'Signed')?.reason === 'SignerUnavailable';
      },
      { timeoutSeconds: 60, intervalMilliseconds: 500 },
    );
    await transit.up();
    await rollers.readyRecord(build);
    await assertVerified(rollers, build.image.reference);
  });

  it('have nobody see a token or a credential in logs, Events, metrics or objects', async () => {
    const headers = vault.requests.flatMap(({ headers: sent }) => sent['x-vault-token'] ?? []);
    const logins = vault.asked('/login').map(({ body }) => String(at(JSON.parse(body.toString('utf8')), 'jwt')));
    const exchanged = aws.requests.flatMap(
      ({ body }) => new URLSearchParams(body.toString()).get('WebIdentityToken') ?? [],
    );
    const sessions = aws.requests.flatMap(({ headers: sent }) => sent['x-amz-security-token'] ?? []);
    for (const seen of [headers, logins, exchanged, sessions]) assert.ok(seen.length > 0);
    const secrets = [...headers, ...logins, ...exchanged, ...sessions];
    assert.deepEqual(leaks(await shownTexts(installation), [...new Set(secrets)]), []);
  });
});
