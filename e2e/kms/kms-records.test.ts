// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, DeleteAliasCommand, KMSClient } from '@aws-sdk/client-kms';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { hallmarkCommand, isVerifiedByPolicy } from '../harness/hallmark-command.ts';
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
import type { Testbed } from '../testbed/testbed.ts';
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
    installation = await Installation.start({ label: 'kms', replicas: 1, values });
    await installation.plane.kubectl([
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

  /** Starts the services. @returns values of the chart with which the administrator allows them */
  async function values({ plane, supervisor, registries }: Testbed): Promise<readonly string[]> {
    const { url, caFile, adminToken } = plane;
    transit = await Transit.start(supervisor, { cluster: { url, caFile, adminToken } });
    moto = await Moto.start(supervisor);
    vault = await FaultProxy.start({ target: transit.url });
    aws = await FaultProxy.start({ target: moto.url, tls: true });
    for (const name of [VAULT_TEAM, AWS_TEAM]) await plane.kubectl(['create', 'namespace', name]);
    const hosts = [...registries, vault, aws].map(({ host }) => host);
    const destinations = [
      { audience: 'vault', hosts: [vault.host] },
      { audience: 'sts.amazonaws.com', hosts: [aws.host] },
    ];
    return [
      `config.outbound.allow=${JSON.stringify(hosts)}`,
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

  /** Has the alias lead to a new key. */
  async function makeAwsKey({ isFirst = true } = {}): Promise<void> {
    const client = new KMSClient({ endpoint: moto.url, region: moto.region, credentials: moto.credentials });
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec: 'RSA_3072', KeyUsage: 'SIGN_VERIFY' }));
    const alias = { AliasName: `alias/${AWS_TEAM}-builds`, TargetKeyId: KeyMetadata?.KeyId };
    if (!isFirst) await client.send(new DeleteAliasCommand(alias));
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

  /** As docs/signers.md says. */
  async function keepPublicKey({ name }: Team, secret: string): Promise<void> {
    const published = ['get', 'signingpolicy', 'builds', '-n', name, '-o', 'jsonpath={.status.publicKey}'];
    const { stdout } = await installation.kubectl(published);
    const file = join(installation.testbed.supervisor.dataDirectory('public-keys'), `${secret}.pub`);
    writeFileSync(file, stdout);
    await installation.kubectl(['create', 'secret', 'generic', secret, '-n', name, `--from-file=cosign.pub=${file}`]);
  }

  /** Waits until a team's policy publishes this many keys, and returns them. */
  async function keysWhen({ name }: Team, count: number): Promise<readonly Manifest[]> {
    return waitUntil(`${count} keys are published`, async () => {
      const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', name]);
      const keys = at(policy, 'status', 'verificationKeys');
      return Array.isArray(keys) && keys.length === count && keys.map(asManifest);
    });
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
    await waitUntil('the record says why', async () => {
      const record = (await rollers.records()).find(({ spec }) => spec.runRef.name === 'bake-2');
      return record !== undefined && conditionOf(record, 'Signed')?.reason === 'SignerUnavailable';
    });
    await transit.up();
    await rollers.readyRecord(build);
    await assertVerified(rollers, build.image.reference);
  });

  it('have the key before listed, so that what it signed verifies by the policy when its alias leads to another', async () => {
    const old = await bakers.build({ name: 'bake-old' });
    await bakers.readyRecord(old);
    const before = await publishedKey(bakers);
    await keepPublicKey(bakers, 'key-before');
    const listed = async (retired: readonly object[] | null): Promise<void> => {
      await installation.patch(AWS_TEAM, 'signingpolicy/builds', { spec: { signer: { kms: { retired } } } });
    };
    await listed([{ name: 'key-before' }]);
    await makeAwsKey({ isFirst: false });
    const next = await bakers.build({ name: 'bake-new' });
    await bakers.readyRecord(next);
    const [active, retired] = await keysWhen(bakers, 2);
    assert.deepEqual([active?.['state'], retired?.['state'], retired?.['publicKey']], ['Active', 'Retired', before]);
    assert.notEqual(active?.['publicKey'], before);
    for (const { image } of [old, next]) assert.ok(await isVerifiedByPolicy(installation, bakers, image.reference));
    const script = await hallmarkCommand(installation, 'trust', 'builds', '-n', AWS_TEAM, '-o', 'cosign');
    for (const key of [active, retired]) assert.ok(script.out.includes(String(key?.['publicKey']).trim()));

    await listed(null);
    await keysWhen(bakers, 1);
    assert.ok(await isVerifiedByPolicy(installation, bakers, next.image.reference));
    assert.ok(!(await isVerifiedByPolicy(installation, bakers, old.image.reference)));
  });

  it('never show a token or a credential in logs, Events, metrics or objects', async () => {
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
