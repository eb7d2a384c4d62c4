// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { field, listField, stringField } from '../../src/json/fields.ts';
import { at, listAt, type Manifest } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { hallmarkCommand } from '../harness/hallmark-command.ts';
import { Installation } from '../harness/installation.ts';
import { newSigningKey, type SigningKey } from '../harness/signing-key.ts';
import type { Build, Team } from '../harness/team.ts';
import { untilSecondIsOver } from '../resilience/managed-runs.ts';
import { Chains } from '../testbed/chains/chains.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { Ended } from '../verify/verify-bed.ts';

const SIGNED = 'chains.tekton.dev/signed';
const config = {
  'artifacts.taskrun.format': 'slsa/v2alpha4',
  'artifacts.taskrun.storage': 'tekton',
  'artifacts.pipelinerun.format': 'slsa/v2alpha4',
  'artifacts.pipelinerun.storage': 'tekton',
  'artifacts.pipelinerun.enable-deep-inspection': 'true',
  'artifacts.oci.storage': 'oci',
  'storage.oci.repository.insecure': 'true',
  'builder.id': 'https://builds.example.com/tekton',
};
/** The namespaces of the samples' teams, with a policy of their own that selects nothing. */
const names = ['bakery-1', 'bakery-2', 'bakery-3'];
const patience = { timeoutSeconds: PATIENCE_SECONDS, intervalMilliseconds: 200 } as const;
const policy = 'clustersigningpolicy/chains';

type Run = Pick<Build, 'kind' | 'name' | 'uid'>;

describe('coming from Tekton Chains', () => {
  let installation: Installation;
  let chains: Chains;
  let teams: readonly Team[];
  let key: SigningKey;
  let folder: string;
  /** The runs that both have signed or audited, with the TaskRuns of pipelines. */
  const runs: (readonly [Team, Run])[] = [];

  before(async () => {
    key = newSigningKey();
    installation = await Installation.start({ label: 'migrate', replicas: 1 });
    const { supervisor } = installation.testbed;
    folder = supervisor.dataDirectory('chains-configuration');
    await startChains();
    const metadata = { name: 'signing-secrets', namespace: 'tekton-chains' };
    await installation.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { 'x509.pem': key.privateKey },
    });
    const nothing = { selector: { matchLabels: { none: 'of-these' } } };
    teams = await Promise.all(names.map((name) => installation.team({ name, policy: nothing })));
  });
  after(() => installation.stop());

  async function startChains(): Promise<void> {
    const { plane, supervisor } = installation.testbed;
    chains = await Chains.start(plane, supervisor, { config, privateKey: key.privateKey });
  }

  /** Has the policy select the runs with these labels, or all runs. */
  async function select(matchLabels: Readonly<Record<string, string>> | null): Promise<void> {
    await installation.patch('', policy, { spec: { selector: { matchLabels } } });
    const isMet = (object: unknown): boolean =>
      at(object, 'status', 'observedGeneration') === at(object, 'metadata', 'generation');
    await installation.until('', policy, { condition: 'has its selector in force', isMet });
  }

  /** Waits until a run has the same end after the second of that end. */
  async function untilEndStays(team: Team, run: Run): Promise<void> {
    for (let end: unknown; ;) {
      const found = await find(team, run);
      assert.ok(found !== undefined);
      const completionTime = at(found, 'status', 'completionTime');
      if (completionTime === end) return;
      end = completionTime;
      await untilSecondIsOver(found);
    }
  }

  const hallmark = (...args: readonly string[]): Promise<Ended> => hallmarkCommand(installation, ...args);

  /** Applies what the command makes of the ConfigMap in the cluster. */
  async function migrate(...args: readonly string[]): Promise<Ended> {
    const { plane } = installation.testbed;
    const { stdout } = await plane.kubectl(['get', 'configmap', 'chains-config', '-n', 'tekton-chains', '-o', 'yaml']);
    const file = join(folder, 'chains-config.yaml');
    writeFileSync(file, stdout);
    const ended = await hallmark('migrate', '-f', file, ...args);
    await plane.kubectl(['apply', '--validate=strict', '-f', '-'], { stdin: ended.out });
    return ended;
  }

  function untilPolicy(reason: string): Promise<void> {
    return installation.wait('', policy, `jsonpath={.status.conditions[?(@.type=="Ready")].reason}=${reason}`);
  }

  function find(team: Team, { kind, name }: Omit<Run, 'uid'>): Promise<Manifest | undefined> {
    return installation.find(team.name, `${kind.toLowerCase()}/${name}`);
  }

  async function runsOf(team: Team, kind: Run['kind']): Promise<readonly (readonly [Team, Run])[]> {
    const all = await installation.list([`${kind.toLowerCase()}s`, '-n', team.name]);
    const text = (run: Manifest, name: string): string => String(at(run, 'metadata', name));
    return all.map((run) => [team, { kind, name: text(run, 'name'), uid: text(run, 'uid') }]);
  }

  /** As a tool that waits for Chains does. */
  function untilSigned(team: Team, run: Run): Promise<boolean> {
    const isSigned = async (): Promise<boolean> =>
      at(await find(team, run), 'metadata', 'annotations', SIGNED) === 'true';
    return waitUntil(`${team.name}/${run.name} is annotated as signed`, isSigned, patience);
  }

  /** Waits until the migrated policy has one record of a run, which is as expected. */
  function untilRecord(team: Team, { name, uid }: Run, what: string, isSo: (record: unknown) => boolean) {
    const probe = async (): Promise<boolean> => {
      const all = await installation.list(['provenancerecords', '-n', team.name]);
      const found = all.filter((record) => at(record, 'spec', 'runRef', 'uid') === uid);
      return found.length === 1 && found.every(isSo);
    };
    return waitUntil(`the record of ${team.name}/${name} ${what}`, probe, patience);
  }

  function untilRecorded(team: Team, run: Run, reason: string): Promise<boolean> {
    return untilRecord(team, run, `is ${reason}`, (record) => at(record, 'status', 'reason') === reason);
  }

  it('audits next to Chains, in several namespaces, by what `hallmark migrate` prints', async () => {
    const { code, out, err } = await migrate();
    assert.deepEqual([code, /^problem/m.test(err), /^kind: Secret$/m.test(out)], [0, false, false], err);
    await untilPolicy('AuditOnly');
    // Tekton may write the end of a run once more, with another time. Neither signs before that, so that both state the same end.
    await select({ none: 'of-these' });
    await chains.stop();
    const [first] = teams;
    assert.ok(first !== undefined);
    const succeeding = teams.flatMap((team) => [
      team.build({ name: 'bake' }),
      team.build({ name: 'ship', kind: 'PipelineRun' }),
    ]);
    await Promise.all([...succeeding, first.build({ name: 'burnt', exitCode: 1 })]);
    for (const team of teams) runs.push(...(await runsOf(team, 'TaskRun')), ...(await runsOf(team, 'PipelineRun')));
    assert.ok(runs.length > succeeding.length + 1, 'the TaskRuns of pipelines are among them');
    await Promise.all(runs.map(([team, run]) => untilEndStays(team, run)));
    await startChains();
    await select(null);
    // Chains stores everything of a run before it annotates the run as signed.
    for (const [team, run] of runs) {
      await untilSigned(team, run);
      await untilRecorded(team, run, 'AuditOnly');
    }
  });

  it('makes the payloads of Chains, as `hallmark compare` finds', async () => {
    const insecure = ['--registry', '--allow-insecure-registry'];
    const { code, out, err } = await hallmark('compare', '-A', ...insecure);
    assert.equal(code, 0, out + err);
    for (const [team, { kind, name }] of runs) {
      assert.match(out, new RegExp(`^${kind} ${team.name}/${name} attestation \\(chains\\): same`, 'm'));
    }
    assert.match(out, /^TaskRun bakery-1\/bake image-\w+ \(chains\): same \(/m);
    // A run that failed states its outcome too.
    assert.match(out, /^TaskRun bakery-1\/burnt attestation \(chains\): same but for intended differences$/m);
    const report: unknown = JSON.parse((await hallmark('compare', '-A', ...insecure, '-o', 'json')).out);
    assert.deepEqual(
      ['Differs', 'Missing', 'Unknown'].map((state) => field(field(report, 'counts'), state)),
      [0, 0, 0],
    );
    const place = listField(report, 'comparisons').map((one) => stringField(one, 'place') ?? '');
    assert.ok(place.some((text) => text.includes('.sig')));
  });

  it('shows the field in which a payload differs, and ends with 1', async () => {
    const [team] = teams;
    assert.ok(team !== undefined);
    const builder = (builderID: string): object => ({ spec: { attestation: { builderID } } });
    await installation.patch('', policy, builder('https://elsewhere.example'));
    await installation.until('', policy, {
      condition: 'has the other builder in force',
      isMet: (object) => at(object, 'status', 'effective', 'attestation', 'builderID') === 'https://elsewhere.example',
    });
    const build = await team.build({ name: 'elsewhere' });
    await untilSigned(team, build);
    await untilRecorded(team, build, 'AuditOnly');
    const { code, out } = await hallmark('compare', '-n', team.name, '--registry', '--allow-insecure-registry');
    assert.equal(code, 1);
    assert.match(
      out,
      /elsewhere attestation \(chains\): differs\n(?: {2}.*\n)* {2}predicate\.runDetails\.builder\.id: Chains "https:\/\/builds\.example\.com\/tekton", Hallmark "https:\/\/elsewhere\.example"$/m,
    );
    await installation.patch('', policy, builder(config['builder.id']));
  });

  it('takes over without a gap, and serves tools that wait for Chains', async () => {
    const [team] = teams;
    assert.ok(team !== undefined);
    const { code } = await migrate('--copy-secrets');
    assert.equal(code, 0);
    await installation.patch('', policy, { spec: { mode: 'Enforce', suspend: true } });
    await untilPolicy('Suspended');
    await chains.stop();
    const between = await team.build({ name: 'between' });
    await untilRecorded(team, between, 'Suspended');
    await installation.patch('', policy, { spec: { suspend: false } });
    await untilPolicy('Ready');
    const later = await team.build({ name: 'later' });
    for (const build of [between, later]) {
      await untilSigned(team, build);
      await untilRecorded(team, build, 'Stored');
      // Where annotating had to be tried again, the record says so only after both.
      await untilRecord(team, build, 'says that the run is annotated', isRunAnnotated);
      assert.ok(
        at(await find(team, build), 'metadata', 'annotations', `chains.tekton.dev/payload-taskrun-${build.uid}`),
      );
    }
    const publicKey = join(folder, 'cosign.pub');
    writeFileSync(publicKey, key.publicKey);
    const args = ['verify', 'image', later.image.reference, '--key', publicKey, '--allow-insecure-registry'];
    const verified = await hallmark(...args);
    assert.equal(verified.code, 0, verified.out + verified.err);
  });

  it('lets go the runs that the finalizers of Chains keep, and leaves annotations of its own', async () => {
    const [team] = teams;
    const bake = { kind: 'TaskRun', name: 'bake' } as const;
    assert.ok(team !== undefined);
    await installation.testbed.plane.kubectl(['delete', 'taskrun', 'bake', '-n', team.name, '--wait=false']);
    const kept = await find(team, bake);
    assert.ok(at(kept, 'metadata', 'deletionTimestamp') !== undefined);
    const listed = await hallmark('release-runs', '--chains', '-A', '--dry-run');
    assert.match(listed.out, /^TaskRun bakery-1\/bake has traces of Tekton Chains$/m);
    assert.match(listed.out, /^PipelineRun bakery-3\/ship has traces of Tekton Chains$/m);
    assert.ok((await find(team, bake)) !== undefined);
    const { code, out, err } = await hallmark('release-runs', '--chains', '--annotations', '-A');
    assert.deepEqual([code, err], [0, ''], out);
    await waitUntil('the run is gone', async () => (await find(team, bake)) === undefined, patience);
    const rest = await installation.list(['taskruns,pipelineruns', '-A']);
    assert.ok(rest.length > 5);
    for (const object of rest) {
      const finalizers = listAt(object, 'metadata', 'finalizers');
      assert.ok(!finalizers.some((name) => String(name).startsWith('chains.tekton.dev')));
    }
    const signedBy = (name: string): unknown =>
      at(
        rest.find((object) => at(object, 'metadata', 'name') === name),
        'metadata',
        'annotations',
        SIGNED,
      );
    assert.deepEqual([signedBy('burnt'), signedBy('later')], [undefined, 'true']);
    assert.match((await hallmark('release-runs', '--chains', '-A', '--dry-run')).out, /^0 runs have traces/);
  });
});

function isRunAnnotated(record: unknown): boolean {
  const conditions = listAt(record, 'status', 'conditions');
  return conditions.some((one) => field(one, 'type') === 'RunAnnotated' && field(one, 'status') === 'True');
}
