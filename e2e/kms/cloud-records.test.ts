// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asManifest, at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { teamManifests } from '../harness/team-manifests.ts';
import type { Team } from '../harness/team.ts';
import { isVerified, verifyImage } from '../harness/verify-image.ts';
import { AzureKeyVault } from '../testbed/azure-key-vault/azure-key-vault.ts';
import { GoogleKms } from '../testbed/google-kms/google-kms.ts';
import { waitUntil } from '../testbed/index.ts';
import { clusterIssuer } from '../testbed/sigstore/cluster-issuer.ts';
import type { Testbed } from '../testbed/testbed.ts';

/** As the samples call the ServiceAccount that signs. */
const ACCOUNT = 'release-signer';
const GOOGLE_TEAM = 'googlers';
const AZURE_TEAM = 'bluesky';

/** Settings of a sample that differ in the testbed. */
interface Placement {
  readonly folder: string;
  readonly uri?: readonly [from: string, to: string];
  /** Further settings of the provider. */
  readonly settings: Readonly<Record<string, object>>;
  readonly ca: string;
}

const provider = String(at(sampleKms(GOOGLE_TEAM, 'kms-google'), 'google', 'workloadIdentityProvider'));

describe("teams whose keys are in Google's and Azure's services", () => {
  let installation: Installation;
  let google: GoogleKms;
  let azure: AzureKeyVault;
  let googlers: Team;
  let bluesky: Team;

  before(async () => {
    google = await GoogleKms.start();
    azure = await AzureKeyVault.start();
    installation = await Installation.start({ label: 'cloud-kms', replicas: 1, values });
    const issuer = await clusterIssuer(installation.testbed.plane);

    google.iam.providers.set(provider, issuer);
    const pool = provider.replace(/\/providers\/.*/, '');
    google.permitted.add(`principal://iam.googleapis.com/${pool}/subject/${subjectOf(GOOGLE_TEAM)}`);
    const googleURI = String(sampleKms(GOOGLE_TEAM, 'kms-google')['uri']);
    google.addVersion(googleURI.replace('gcpkms://', ''), 'EC_SIGN_P256_SHA256');

    const clientID = String(at(sampleKms(AZURE_TEAM, 'kms-azure'), 'azure', 'clientID'));
    azure.directory.applications.set(clientID, { federated: { issuer, subject: subjectOf(AZURE_TEAM) } });
    azure.permitted.add(clientID);
    azure.addVersion('builds', 2048);

    googlers = await sampleTeam(GOOGLE_TEAM, {
      folder: 'kms-google',
      settings: { google: { endpoint: google.server.host, stsEndpoint: google.server.url } },
      ca: google.server.ca,
    });
    bluesky = await sampleTeam(AZURE_TEAM, {
      folder: 'kms-azure',
      uri: [`${AZURE_TEAM}.vault.azure.net`, azure.server.host],
      settings: { azure: { authorityHost: azure.directory.server.url } },
      ca: `${azure.server.ca}${azure.directory.server.ca}`,
    });
  });
  after(async () => {
    await google.server.down();
    await azure.stop();
    await installation.stop();
  });

  /** @returns values of the chart with which the administrator allows these servers to both teams, which have a namespace now */
  async function values({ plane, registries }: Testbed): Promise<readonly string[]> {
    for (const name of [GOOGLE_TEAM, AZURE_TEAM]) await plane.kubectl(['create', 'namespace', name]);
    const hosts = [...registries, google.server, azure.server, azure.directory.server].map(({ host }) => host);
    const destinations = [
      { audience: `//iam.googleapis.com/${provider}`, hosts: [google.server.host] },
      { audience: 'api://AzureADTokenExchange', hosts: [azure.directory.server.host] },
    ];
    return [
      `config.outbound.allow=${JSON.stringify(hosts)}`,
      `config.tokens.destinations=${JSON.stringify(destinations)}`,
      `tokens.serviceAccounts=${JSON.stringify({ [GOOGLE_TEAM]: [ACCOUNT], [AZURE_TEAM]: [ACCOUNT] })}`,
    ];
  }

  /** A team that follows a sample, at the testbed's service. */
  async function sampleTeam(name: string, { folder, uri, settings, ca }: Placement): Promise<Team> {
    const kms = sampleKms(name, folder);
    const [from, to] = uri ?? ['', ''];
    assert.ok(String(kms['uri']).includes(from), 'the sample names the service');
    const placed = Object.entries(settings).map(([member, more]): [string, object] => [
      member,
      { ...asManifest(kms[member]), ...more },
    ]);
    const place = { uri: String(kms['uri']).replace(from, to), caBundleRef: { name: 'kms-ca' } };
    const signer = { type: 'KMS', kms: { ...kms, ...place, ...Object.fromEntries(placed) } };
    const metadata = { namespace: name };
    await installation.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: ACCOUNT } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'kms-ca' }, data: { 'ca.crt': ca } },
    );
    return installation.team({ name, withKey: false, policy: { signer } });
  }

  async function assertVerified(team: Team, image: string): Promise<void> {
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', team.name]);
    const publicKey = String(at(policy, 'status', 'publicKey'));
    for (const command of ['verify', 'verify-attestation'] as const) {
      await verifyImage(installation.testbed, { command, publicKey, image });
      const other = newSigningKey().publicKey;
      assert.equal(await isVerified(installation.testbed, { command, publicKey: other, image }), false);
    }
  }

  for (const [service, teamOf] of [
    ['Google Cloud KMS', () => googlers],
    ['Azure Key Vault', () => bluesky],
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

  it('see runs wait while they may not use the key, and signed once they may', async () => {
    const principals = [...google.permitted];
    google.permitted.clear();
    const build = await googlers.build({ name: 'bake-2' });
    await waitUntil('the record says why', async () => {
      const record = (await googlers.records()).find(({ spec }) => spec.runRef.name === 'bake-2');
      return record !== undefined && conditionOf(record, 'Signed')?.reason === 'SignerUnauthorized';
    });
    for (const principal of principals) google.permitted.add(principal);
    await googlers.readyRecord(build);
    await assertVerified(googlers, build.image.reference);
  });

  it('never show a token or a credential in logs, Events, metrics or objects', async () => {
    const sent = [...google.server.requests, ...azure.directory.server.requests]
      .map(({ body }) => new URLSearchParams(body))
      .flatMap((form) => form.get('subject_token') ?? form.get('client_assertion') ?? []);
    const given = [...google.iam.tokens.keys(), ...azure.directory.tokens.keys()];
    assert.ok(sent.length >= 2 && given.length >= 2);
    assert.deepEqual(leaks(await shownTexts(installation), [...new Set([...sent, ...given])]), []);
  });
});

function subjectOf(team: string): string {
  return `system:serviceaccount:${team}:${ACCOUNT}`;
}

/** `spec.signer.kms` of a sample, for a team of another name. */
function sampleKms(team: string, folder: string): Readonly<Record<string, unknown>> {
  const policy = teamManifests(team, folder).find((manifest) => manifest['kind'] === 'SigningPolicy') ?? {};
  return asManifest(at(policy, 'spec', 'signer', 'kms'));
}
