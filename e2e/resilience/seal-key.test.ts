// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { sealKeyID } from '../../src/records/seal/seal.ts';
import { SecretValue } from '../../src/runtime/secret-value.ts';
import { asManifest, at, chart, releaseNamespace, type Manifest } from '../chart/helm.ts';
import { sectionCommands } from '../docs/section-commands.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess, type Release } from '../harness/operator-process.ts';
import type { Build, Team } from '../harness/team.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { signaturesInRegistry } from './stored-signatures.ts';

const MOVING = 'Moving to another release name or namespace';
const options = { configuration: { leaderElection: { enabled: false } } } as const;

/** An object as an export keeps it: without everything that the API server gave it. */
function exported(object: Manifest): Manifest {
  const { name, namespace, labels, annotations } = asManifest(at(object, 'metadata'));
  const metadata = Object.entries({ name, namespace, labels, annotations }).filter(([, value]) => value !== undefined);
  return { ...object, metadata: Object.fromEntries(metadata), status: undefined };
}

describe('the key that seals records', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let team: Team;
  const builds: Build[] = [];
  /** That of the operator. */
  let namespace = releaseNamespace;
  const sealSecret = (): readonly string[] => ['secret', 'hallmark-seal', '-n', namespace];

  before(async () => {
    installation = await Installation.start({ label: 'seal-key', replicas: 0, tekton: 'Kinds' });
    operator = await OperatorProcess.start(installation, options);
    team = await installation.team({ name: 'team-s', backends: ['registry'], policy: { ...managedRuns } });
    await operator.untilWorking();
    await team.untilReady();
    for (const name of ['one', 'two', 'three']) await build(name);
  });
  after(async () => {
    await operator.stop();
    await installation.stop();
  });

  async function build(name: string): Promise<ProvenanceRecord> {
    const made = await new ManagedRuns(adminClient(installation.plane), team).build({ name });
    builds.push(made);
    return team.readyRecord(made);
  }

  async function sealWith(data: Readonly<Record<string, Buffer>>): Promise<void> {
    await operator.stop();
    const secret = exported(await installation.json(['get', ...sealSecret()]));
    await installation.kubectl(['delete', ...sealSecret()]);
    const texts = Object.entries(data).map(([name, value]) => [name, value.toString('base64')] as const);
    await installation.apply({ ...secret, data: Object.fromEntries(texts) });
    operator.restart();
  }

  async function currentKey(): Promise<Buffer> {
    return Buffer.from(String(at(await installation.json(['get', ...sealSecret()]), 'data', 'key')), 'base64');
  }

  /** The signed part, which neither a rotation nor a restore changes. */
  const evidence = ({ metadata: { name }, evidence: { artifacts } = {} }: ProvenanceRecord): unknown => [
    name,
    artifacts?.map(({ payloadDigest, signature, keyID }) => [payloadDigest, signature, keyID]),
  ];

  async function untilSealedWith(key: Buffer): Promise<void> {
    const id = sealKeyID(new SecretValue(key));
    await waitUntil(
      'all records are sealed with the key, and settled',
      async () =>
        (await team.records()).every(
          ({ metadata, evidence: { sealKeyID: sealedBy } = {}, status }) =>
            sealedBy === id && status?.observedGeneration === metadata.generation && status.reason === 'Stored',
        ),
      { timeoutSeconds: PATIENCE_SECONDS },
    );
  }

  /** Carries out the commands of the page while no operator runs, and starts that of the release that they install. */
  async function move(commands: readonly (string | undefined)[], release: Release): Promise<void> {
    const before = await team.records();
    await operator.stop();
    for (const command of commands)
      // The release takes over the CRDs too, which the other tests leave to the testbed.
      await shell(command?.replace(' --take-ownership', ' --set crds.enabled=true --take-ownership') ?? 'exit 9');
    namespace = release.namespace;
    operator = await OperatorProcess.start(installation, { ...{ release }, ...options });
    await operator.untilWorking();
    await build(`after-the-move-to-${release.namespace}`);
    const moved = (await team.records()).filter(({ metadata }) =>
      before.some((one) => one.metadata.uid === metadata.uid),
    );
    assert.deepEqual(moved.map(evidence), before.map(evidence));
    await assertSignedOnce();
  }

  /** Runs a command of a page in a folder that looks like a checkout. */
  async function shell(command: string): Promise<void> {
    const { testbed, plane } = installation;
    const folder = testbed.supervisor.dataDirectory('page');
    const tools = await Promise.all((['kubectl', 'helm'] as const).map((name) => ensureBinary(name)));
    const PATH = [...tools.map((path) => dirname(path)), '/usr/bin', '/bin'].join(':');
    const env = { ...testbed.supervisor.environment(), PATH, KUBECONFIG: plane.kubeconfigPath };
    const script = command.replace(' ./helm/hallmark ', ` ${chart} `);
    await runCommand('bash', ['-euo', 'pipefail', '-c', script], { ...{ cwd: folder, env }, timeoutSeconds: 300 });
  }

  async function assertSignedOnce(): Promise<void> {
    for (const made of builds) {
      const { attestation, image } = await signaturesInRegistry(team, made);
      assert.deepEqual([attestation.length, image.length], [1, 1], made.name);
    }
  }

  it('is rotated: the earlier one verifies until all records are sealed anew, and nothing is signed again', async () => {
    const before = await team.records();
    const [old, next] = [await currentKey(), randomBytes(32)];
    await sealWith({ key: next, previous: old });
    await operator.untilWorking();
    await untilSealedWith(next);
    // The rotation is over: the earlier key verifies nothing any more.
    await sealWith({ key: next });
    await operator.untilWorking();
    await build('after-the-rotation');
    const rotated = (await team.records()).filter(({ metadata }) =>
      before.some((one) => one.metadata.uid === metadata.uid),
    );
    assert.deepEqual(rotated.map(evidence), before.map(evidence));
    await assertSignedOnce();
  });

  it('is restored with the records: they are stored again where they were, and nothing is signed again', async () => {
    const before = await team.records();
    const kinds = ['storagebackends', 'signingpolicies', 'provenancerecords'];
    await operator.stop();
    const backup: Manifest[] = [await installation.json(['get', ...sealSecret()])];
    for (const kind of kinds) backup.push(...(await installation.list([kind, '-n', team.name])));
    for (const kind of kinds) await installation.kubectl(['delete', kind, '--all', '-n', team.name]);
    await installation.kubectl(['delete', ...sealSecret()]);
    const binding = ['validatingadmissionpolicybinding', 'hallmark-system-hallmark-records'];
    const kept = exported(await installation.json(['get', ...binding]));
    await installation.kubectl(['delete', ...binding]);
    await waitUntil('records may be made', async () => {
      const probe = JSON.stringify(exported(backup.at(-1) ?? {}));
      return installation.kubectl(['create', '--dry-run=server', '-f', '-'], { stdin: probe }).then(
        () => true,
        () => false,
      );
    });
    for (const object of backup) await installation.create(exported(object));
    await installation.apply(kept);
    operator.restart();
    await operator.untilWorking();
    for (const made of builds) await team.readyRecord(made);
    const after = await team.records();
    assert.deepEqual(after.map(evidence), before.map(evidence));
    assert.ok(after.every(({ metadata }) => before.every((one) => one.metadata.uid !== metadata.uid)));
    await assertSignedOnce();
    await build('after-the-restore');
  });

  it('goes on under another release name, by the commands of the page: nothing is signed again', async () => {
    const [values, uninstall, install] = sectionCommands('install.md', MOVING);
    await move([values, uninstall, install], { namespace: releaseNamespace, fullName: 'provenance-hallmark' });
  });

  it('goes on in another namespace, by the commands of the page: nothing is signed again', async () => {
    const [values, uninstall, , create, copy, install, ...others] = sectionCommands('install.md', MOVING);
    assert.equal(others.length, 0);
    // The release has the name of the test before.
    const away = [values, uninstall].map((command) =>
      command?.replace(/ (values|uninstall) hallmark /, ' $1 provenance '),
    );
    await move([...away, create, copy, install], { namespace: 'provenance', fullName: 'hallmark' });
  });

  it("of another cluster tells that cluster's records from ours: they are left alone, and nothing is done", async () => {
    // Once nothing is on its way any more, such as the status of a read-back.
    await operator.stop();
    const foreign = await team.records();
    const [ours] = foreign;
    assert.ok(ours !== undefined);
    // The records of this cluster, seen by one with a key of its own.
    await sealWith({ key: randomBytes(32) });
    await waitUntil('the operator says whose they are', async () => {
      const { isReady, text } = await operator.readiness();
      return !isReady && text.includes(`sealed with key ${String(ours.evidence?.sealKeyID)}`);
    });
    const identity = ({ metadata: { name, uid, resourceVersion } }: ProvenanceRecord): unknown => [
      name,
      uid,
      resourceVersion,
    ];
    assert.deepEqual((await team.records()).map(identity), foreign.map(identity));
    await assertSignedOnce();
  });
});
