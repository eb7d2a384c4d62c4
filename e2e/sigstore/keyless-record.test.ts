// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { fromEvidenceArtifact, requireSigned } from '../../src/evidence/evidence-artifact.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { asManifest, type Manifest } from '../chart/helm.ts';
import { isVerifiedByPolicy } from '../harness/hallmark-command.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf } from '../harness/record.ts';
import { teamManifests } from '../harness/team-manifests.ts';
import { type Build, KEY_SECRET, type Team } from '../harness/team.ts';
import { clusterIssuer, SigstoreStack, waitUntil } from '../testbed/index.ts';
import type { Testbed } from '../testbed/testbed.ts';

const TEAM = 'team-a';
const ACCOUNT = 'release-signer';
const identity = `https://kubernetes.io/namespaces/${TEAM}/serviceaccounts/${ACCOUNT}`;

describe('a team that signs without a key', () => {
  let installation: Installation;
  let stack: SigstoreStack;
  let team: Team;

  before(async () => {
    installation = await Installation.start({ label: 'keyless', replicas: 1, values });
    team = await installation.team({ name: TEAM, withKey: false, policy: samplePolicy() });
    await installation.apply({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: ACCOUNT, namespace: TEAM },
    });
  });
  after(() => installation.stop());

  /** Starts the servers. @returns values of the chart with which the administrator allows them */
  async function values({ plane, supervisor, registries }: Testbed): Promise<readonly string[]> {
    const issuer = await clusterIssuer(plane);
    stack = await SigstoreStack.start(supervisor, {
      fulcio: { issuer },
      rekorV1: true,
      rekorV2: true,
      timestampAuthority: true,
    });
    const hosts = [...registries.map(({ host }) => host), ...stack.hosts];
    const destinations = [{ audience: 'sigstore', hosts: [stack.fulcio.server.host] }];
    return [
      `config.outbound.allow=${JSON.stringify(hosts)}`,
      `config.tokens.destinations=${JSON.stringify(destinations)}`,
      `config.transparency.logs=${JSON.stringify([stack.rekorV1.url, stack.rekorV2.url])}`,
    ];
  }

  /** The spec of the sample, with the testbed's servers. */
  function samplePolicy(): Manifest {
    const policy = teamManifests(TEAM, 'keyless').find((manifest) => manifest['kind'] === 'SigningPolicy') ?? {};
    const text = JSON.stringify(policy['spec'])
      .replace('https://fulcio.sigstore.dev', stack.fulcio.url)
      .replace('https://rekor.sigstore.dev', stack.rekorV1.url);
    const { signer, transparency } = asManifest(JSON.parse(text));
    return { signer, transparency, trustedRoot: { type: 'Inline', inline: stack.trustedRoot } };
  }

  async function readyPolicy(name = 'builds'): Promise<Manifest> {
    await team.untilReady(name);
    return installation.json(['get', 'signingpolicy', name, '-n', TEAM]);
  }

  /** The flags that tell cosign whom to trust. */
  function trust(): readonly string[] {
    const root = join(installation.testbed.supervisor.dataDirectory('trust'), 'trusted_root.json');
    writeFileSync(root, stack.trustedRoot);
    return [
      `--trusted-root=${root}`,
      `--certificate-identity=${identity}`,
      `--certificate-oidc-issuer=${installation.testbed.plane.url}`,
      '--insecure-ignore-sct',
    ];
  }

  /** The status of the policy, once it publishes the team's key as this, or not at all, and for this generation. */
  async function untilPublished(state: 'Active' | 'Retired' | undefined): Promise<unknown> {
    return waitUntil(`the key is published: ${state ?? 'no more'}`, async () => {
      const { metadata, status } = await installation.json(['get', 'signingpolicy', 'builds', '-n', TEAM]);
      const [key] = listField(status, 'verificationKeys');
      const isOfKey = state === undefined || field(key, 'publicKey') === team.key.publicKey;
      const isCurrent = field(status, 'observedGeneration') === field(metadata, 'generation');
      return isCurrent && isOfKey && field(key, 'state') === state && (status ?? {});
    });
  }

  async function loggedBuild(name: string): Promise<Build> {
    const build = await team.build({ name });
    assert.equal(conditionOf(await team.readyRecord(build), 'Logged')?.status, 'True');
    return build;
  }

  it('learns that the operator may not act as its ServiceAccount until an administrator lists it', async () => {
    await installation.wait(
      TEAM,
      'signingpolicy/builds',
      'jsonpath={.status.conditions[?(@.type=="KeyReady")].reason}=SignerUnauthorized',
    );
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', TEAM]);
    assert.match(JSON.stringify(policy['status']), /list it under tokens\.serviceAccounts/);
    await installation.helm('upgrade', [`tokens.serviceAccounts={"${TEAM}":["${ACCOUNT}"]}`]);
    const ready = await readyPolicy();
    assert.ok(JSON.stringify(ready['status']).includes(identity), 'the policy says whom its certificates name');
  });

  it('gets a run signed, logged and stored, and the record says by whom', async () => {
    const build = await team.build({ name: 'bake-1' });
    const record = await team.readyRecord(build);
    assert.equal(conditionOf(record, 'Signed')?.status, 'True');
    assert.equal(conditionOf(record, 'Logged')?.status, 'True');
    const artifacts = record.evidence?.artifacts ?? [];
    assert.equal(artifacts.length, 2);
    for (const { certificate, logEntries = [] } of artifacts) {
      assert.equal(certificate?.identity, identity);
      assert.equal(certificate.issuer, installation.testbed.plane.url);
      assert.equal(certificate.chain.match(/BEGIN CERTIFICATE/g)?.length, 3, 'the chain is kept');
      assert.equal(logEntries.length, 1);
      assert.equal(logEntries[0]?.url, stack.rekorV1.url);
      const at = Date.parse(logEntries[0].integratedTime ?? '');
      assert.ok(Date.parse(certificate.notBefore) <= at && at <= Date.parse(certificate.notAfter));
    }
    assert.equal(new Set(artifacts.map(({ keyID }) => keyID)).size, 1, 'one key for the whole run');
    const { cosign } = installation.testbed;
    const { reference } = build.image;
    await cosign.run(['verify', ...trust(), reference]);
    await cosign.run(['verify-attestation', '--type=slsaprovenance1', ...trust(), reference]);
    const other = trust().map((argument) => argument.replace(ACCOUNT, 'default'));
    await assert.rejects(cosign.run(['verify', ...other, reference]), /identity|none of the expected/);
  });

  it('verifies by its policy what a key signed before, as long as the policy lists that key', async () => {
    const byKey = { type: 'Key', key: { secretRef: { name: KEY_SECRET } }, keyless: null };
    const { signer } = samplePolicy();
    const metadata = { name: KEY_SECRET, namespace: TEAM };
    await installation.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { 'x509.pem': team.key.privateKey },
    });
    await installation.patch(TEAM, 'signingpolicy/builds', { spec: { signer: byKey } });
    await untilPublished('Active');
    const { image } = await loggedBuild('by-key');
    const keyless = { ...asManifest(asManifest(signer)['keyless']), retired: [{ name: KEY_SECRET }] };
    const byCertificate = { type: 'Keyless', key: null, keyless };
    await installation.patch(TEAM, 'signingpolicy/builds', { spec: { signer: byCertificate } });
    const status = await untilPublished('Retired');
    assert.equal(field(field(status, 'certificateIdentity'), 'identity'), identity);
    const later = await loggedBuild('by-certificate');
    for (const { reference } of [image, later.image])
      assert.ok(await isVerifiedByPolicy(installation, team, reference));

    const unlisted = { spec: { signer: { keyless: { retired: null } } } };
    await installation.patch(TEAM, 'signingpolicy/builds', unlisted);
    await untilPublished(undefined);
    assert.ok(await isVerifiedByPolicy(installation, team, later.image.reference));
    assert.ok(!(await isVerifiedByPolicy(installation, team, image.reference)));
  });

  it('signs each run with a key of its own', async () => {
    const build = await team.build({ name: 'bake-2' });
    await team.readyRecord(build);
    const keys = (await team.records()).map(({ evidence }) => evidence?.artifacts?.[0]?.keyID);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('waits for a log that is down, and goes on when it is back', async () => {
    await stack.rekorV1.server.down();
    const build = await team.build({ name: 'bake-3' });
    const waiting = await team.recordWithReason(build, 'TransparencyLogUnavailable');
    assert.equal(conditionOf(waiting, 'Signed')?.status, 'True');
    assert.notEqual(conditionOf(waiting, 'Logged')?.status, 'True');
    const signature = waiting.evidence?.artifacts?.[0]?.signature;
    await stack.rekorV1.server.up();
    const record = await team.readyRecord(build);
    assert.equal(record.evidence?.artifacts?.[0]?.signature, signature, 'nothing is signed twice');
  });

  it('gets nothing stored without the log when its policy is deleted meanwhile, and all of it when that is back', async () => {
    await stack.rekorV1.server.down();
    const build = await team.build({ name: 'orphan' });
    const waiting = await team.recordWithReason(build, 'TransparencyLogUnavailable');
    const { apiVersion, kind, spec } = await installation.json(['get', 'signingpolicy', 'builds', '-n', TEAM]);
    await installation.delete(TEAM, 'signingpolicy/builds');
    const orphan = await team.recordWithReason(build, 'PolicyDeleted');
    assert.deepEqual(
      (orphan.status?.storage ?? []).filter(({ state }) => state === 'Stored'),
      [],
    );
    await stack.rekorV1.server.up();
    await installation.apply({ apiVersion, kind, metadata: { name: 'builds', namespace: TEAM }, spec });
    const record = await team.readyRecord(build);
    assert.equal(record.metadata.uid, waiting.metadata.uid);
    assert.equal(conditionOf(record, 'Logged')?.status, 'True');
  });

  it('has Rekor v2 and a timestamp authority witness it as well', async () => {
    const transparency = {
      type: 'Rekor',
      rekor: { url: stack.rekorV2.url, apiVersion: 2 },
      timestampAuthorities: [{ url: stack.timestampAuthority.url }],
    };
    // Tags of cosign's old layout have no place for what such a log says.
    const backendRefs = [{ kind: 'StorageBackend', name: 'tekton' }];
    await installation.patch(TEAM, 'signingpolicy/builds', { spec: { transparency, backendRefs } });
    await readyPolicy();
    const build = await team.build({ name: 'bake-4' });
    const record = await team.readyRecord(build);
    assert.equal(conditionOf(record, 'Logged')?.status, 'True');
    for (const { logEntries = [], timestamps = [] } of record.evidence?.artifacts ?? []) {
      assert.deepEqual(
        [...logEntries, ...timestamps].map(({ url }) => url),
        [stack.rekorV2.url, stack.timestampAuthority.url],
      );
    }
    const [attestation] = record.evidence?.artifacts ?? [];
    assert.ok(attestation);
    const bundle = join(installation.testbed.supervisor.dataDirectory('bundles'), 'attestation.json');
    writeFileSync(bundle, sigstoreBundleText(requireSigned(fromEvidenceArtifact(attestation))));
    const blob = ['--check-claims=false', '--type=slsaprovenance1', `--bundle=${bundle}`, '--use-signed-timestamps'];
    await installation.testbed.cosign.run(['verify-blob-attestation', ...blob, ...trust(), bundle]);
  });

  it('stores without an entry where it would rather not wait, and says so', async () => {
    await installation.patch(TEAM, 'signingpolicy/builds', {
      spec: { transparency: { rekor: { onFailure: 'StoreWithout' } } },
    });
    await readyPolicy();
    await stack.rekorV2.server.down();
    const build = await team.build({ name: 'bake-5' });
    const record = await team.readyRecord(build);
    assert.equal(conditionOf(record, 'Logged')?.status, 'False');
    assert.equal(conditionOf(record, 'Logged')?.reason, 'TransparencyLogUnavailable');
    for (const { logEntries, timestamps } of record.evidence?.artifacts ?? []) {
      assert.deepEqual([logEntries, timestamps?.length], [undefined, 1]);
    }
    await stack.rekorV2.server.up();
  });

  it('uses no log that the configuration of the operator does not list', async () => {
    const rekor = { url: `${stack.rekorV1.url}/other`, onFailure: 'Retry' };
    await installation.patch(TEAM, 'signingpolicy/builds', { spec: { transparency: { type: 'Rekor', rekor } } });
    const forbidden = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=EndpointForbidden';
    await installation.wait(TEAM, 'signingpolicy/builds', forbidden);
    const build = await team.build({ name: 'bake-6' });
    const record = await team.recordWithReason(build, 'EndpointForbidden');
    assert.match(conditionOf(record)?.message ?? '', /transparency\.logs/);
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', TEAM]);
    const conditions = listField(policy['status'], 'conditions');
    const ready = conditions.find((condition) => field(condition, 'type') === 'Ready');
    assert.deepEqual([field(ready, 'status'), field(ready, 'reason')], ['False', 'EndpointForbidden']);
    assert.match(String(field(ready, 'message')), /"transparency\.logs"/);
  });

  it('never shows a token', async () => {
    assert.deepEqual(leaks(await shownTexts(installation), secretsOf(team)), []);
  });
});
