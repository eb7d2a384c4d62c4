// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { digestLabel } from '../../src/records/digest-labels.ts';
import { Installation } from '../harness/installation.ts';
import type { Build, Team } from '../harness/team.ts';
import type { Ended } from '../verify/verify-bed.ts';
import { hallmarkAs, viewerOf } from './command-bed.ts';

const login = { username: 'team', password: 'planted-login' };

describe('the command that asks a real cluster', () => {
  let installation: Installation;
  let team: Team;
  /** A team whose key Secret is missing. */
  let keyless: Team;
  let signed: Build;
  let viewer: string;
  let docker: string;

  before(async () => {
    installation = await Installation.start({
      label: 'ask',
      replicas: 1,
      registries: [{ referrers: false, auth: login }],
    });
    team = await installation.team({ name: 'team-a' });
    keyless = await installation.team({ name: 'team-b', withKey: false });
    await team.untilReady();
    signed = await team.build({ name: 'signed' });
    await team.readyRecord(signed);
    await team.build({ name: 'unlabelled', isRelease: false });
    viewer = await viewerOf(installation, 'team-a');
    docker = installation.testbed.supervisor.dataDirectory('docker');
    const [host = ''] = signed.image.reference.split('/');
    writeFileSync(join(docker, 'config.json'), JSON.stringify({ credHelpers: { [host]: 'testbed' } }));
    const answer = JSON.stringify({ ServerURL: host, Username: login.username, Secret: login.password });
    const script = `#!/bin/sh\n[ "$1 $(cat)" = 'get ${host}' ] && echo '${answer}'\n`;
    writeFileSync(join(docker, 'docker-credential-testbed'), script, { mode: 0o755 });
  });
  after(() => installation.stop());

  const hallmark = (...args: readonly string[]): Promise<Ended> => hallmarkAs(installation.plane.kubeconfigPath, args);
  const asViewer = (...args: readonly string[]): Promise<Ended> => hallmarkAs(viewer, args);

  /** With the login to the registry from a credential helper, as ECR, Google's registries and Docker Desktop have them. */
  const withHelper = (...args: readonly string[]): Promise<Ended> => {
    const env = { DOCKER_CONFIG: docker, PATH: `${docker}:${process.env['PATH'] ?? ''}` };
    return hallmarkAs(installation.plane.kubeconfigPath, args, env);
  };

  describe('hallmark get', () => {
    it('finds the record of a run, with the rights to view its namespace', async () => {
      const { code, out } = await asViewer('get', 'taskrun/signed', '-n', 'team-a');
      assert.equal(code, 0);
      assert.match(out, /^ProvenanceRecord team-a\/signed-\w{10}: Stored$/m);
      assert.ok(out.includes(signed.image.digest), out);
    });

    it('finds it from the image, by its digest and by its tag', async () => {
      const name = `ProvenanceRecord team-a/${team.recordName(signed)}: Stored`;
      const repository = signed.image.reference.split('@')[0] ?? '';
      for (const image of [signed.image.digest, signed.image.reference, `${repository}:signed`]) {
        const { code, out, err } = await withHelper('get', image, '-A');
        assert.deepEqual([code, out.split('\n')[0]], [0, name], err);
      }
    });

    it('says that the registry refuses it without a login', async () => {
      const repository = signed.image.reference.split('@')[0] ?? '';
      const { code, err } = await hallmark('get', `${repository}:signed`, '-A');
      assert.equal(code, 3);
      assert.match(err, /^error: .*401/);
    });

    it('finds it from the label that kubectl can select', async () => {
      const label = digestLabel(signed.image.digest.slice('sha256:'.length));
      const { stdout } = await installation.kubectl(['get', 'pvr', '-A', '-l', label, '-o', 'name']);
      assert.equal(stdout.trim(), `provenancerecord.hallmark.dev/${team.recordName(signed)}`);
    });

    it('prints the statement, which names the image', async () => {
      const { out } = await asViewer('get', 'signed', '-n', 'team-a', '-o', 'statement');
      const statement: unknown = JSON.parse(out);
      const digests = listField(statement, 'subject').map((subject) => field(field(subject, 'digest'), 'sha256'));
      assert.deepEqual(digests, [signed.image.digest.slice('sha256:'.length)]);
    });

    it('says of a run without a record to look at its explanation', async () => {
      const { code, err } = await hallmark('get', 'taskrun/unlabelled', '-n', 'team-a');
      assert.equal(code, 1);
      assert.match(
        err,
        /^error: no record in namespace team-a is of TaskRun unlabelled: "hallmark explain taskrun\/unlabelled -n team-a" says why/,
      );
    });

    it('says that it may not look in every namespace', async () => {
      const { code, err } = await asViewer('get', signed.image.digest, '-A');
      assert.equal(code, 3);
      assert.match(err, /^error: .*provenancerecords.*forbidden/);
    });
  });

  describe('hallmark wait', () => {
    it('ends once a run that has just begun is stored, with the rights to view its namespace', async () => {
      await team.startBuild({ name: 'awaited', kind: 'PipelineRun' });
      const { code, out, err } = await asViewer(
        'wait',
        'pr/awaited',
        '-n',
        'team-a',
        '--policy',
        'builds',
        '--timeout',
        '2m',
      );
      assert.equal(code, 0, err);
      assert.match(
        out,
        /^PipelineRun team-a\/awaited: SigningPolicy team-a\/builds: Stored: signed and stored in 2\/2/,
      );
    });

    it('ends with 1 and the remedy as soon as you must act', async () => {
      await keyless.build({ name: 'unsigned' });
      const { code, err } = await hallmark('wait', 'taskrun/unsigned', '-n', 'team-b', '--timeout', '2m');
      assert.equal(code, 1);
      assert.match(
        err,
        /^error: taskrun\/unsigned is not stored:\n.*SigningPolicy team-b\/builds: KeyNotFound: .*signing-secrets/,
      );
    });

    it('ends with 1 for a run that no policy selects', async () => {
      const { code, err } = await hallmark('wait', 'unlabelled', '-n', 'team-a', '--timeout', '2m');
      assert.equal(code, 1);
      assert.match(err, /SigningPolicy team-a\/builds does not select the run: the run's labels/);
    });

    it('ends with 4 when the time is over', async () => {
      await installation.create({
        apiVersion: 'tekton.dev/v1',
        kind: 'PipelineRun',
        metadata: { namespace: 'team-a', name: 'pending', labels: team.releaseLabel },
        spec: { status: 'PipelineRunPending', pipelineRef: { name: 'none' } },
      });
      const { code, err } = await hallmark('wait', 'pipelinerun/pending', '-n', 'team-a', '--timeout', '3s');
      assert.equal(code, 4);
      // On a busy machine, the first reading may take as long.
      assert.match(
        err,
        /is not stored after 3 seconds:\n.*(builds: the run has not finished|the cluster did not answer in this time)/,
      );
    });
  });

  describe('hallmark doctor', () => {
    it('finds the policy whose key is missing, and nothing else that fails', async () => {
      const { code, out, err } = await hallmark('doctor', '-A', '-o', 'json');
      assert.equal(code, 1, err);
      const checks = listField(JSON.parse(out), 'checks');
      const bad = checks.filter((check) => ['Failed', 'Unseen'].includes(String(field(check, 'state'))));
      assert.deepEqual(
        bad.map((check) => field(check, 'subject')),
        ['SigningPolicy team-b/builds'],
        out,
      );
      assert.match(String(field(bad[0], 'message')), /^KeyNotFound: .*signing-secrets/);
      const state = (subject: string): unknown =>
        field(
          checks.find((check) => field(check, 'subject') === subject),
          'state',
        );
      for (const subject of [
        'Kubernetes',
        'clock',
        'ProvenanceRecord',
        'the operator',
        'Leases in hallmark-system',
        'a second operator',
      ])
        assert.equal(state(subject), 'OK', subject);
      assert.equal(state('StorageBackend team-a/registry'), 'OK');
    });

    it('says what the rights to view one namespace do not show', async () => {
      const { code, out, err } = await asViewer('doctor', '-n', 'team-a');
      assert.equal(code, 0, out + err);
      assert.match(out, /ok +SigningPolicy team-a\/builds: Ready/);
      assert.match(out, /unseen +ClusterSigningPolicy: you may not list clustersigningpolicies/);
      assert.match(out, /unseen +the operator: /);
    });

    it('reaches the registry that a backend names', async () => {
      const [host = ''] = signed.image.reference.split('/');
      await installation.apply({
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'StorageBackend',
        metadata: { namespace: 'team-a', name: 'copies' },
        spec: { type: 'OCI', oci: { encoding: 'CosignTags', repository: `${host}/copies` } },
      });
      const { out } = await hallmark('doctor', '-n', 'team-a', '--probe');
      assert.ok(out.includes(`\nreach\n  ok       https://${host}/v2/: answers\n`), out);
    });
  });

  for (const command of [['report'], ['compare'], ['release-runs'], ['backfill', 'clusterstoragebackend/any']])
    it(`refuses to ${command[0]} in a namespace that does not exist`, async () => {
      const { code, err } = await hallmark(...command, '-n', 'taem-a');
      assert.deepEqual([code, err], [3, 'error: there is no namespace taem-a: name another with -n\n']);
    });

  describe('hallmark report', () => {
    it('counts the runs of each team, with what keeps one unsigned', async () => {
      const { code, out, err } = await hallmark('report', '-A', '-o', 'json');
      assert.equal(code, 0, err);
      const report: unknown = JSON.parse(out);
      const of = (name: string): unknown =>
        listField(report, 'namespaces').find((each) => field(each, 'namespace') === name);
      const [builds] = listField(of('team-a'), 'policies');
      // The PipelineRun, its TaskRun and the first build.
      assert.deepEqual([field(builds, 'stored'), field(builds, 'failed'), field(builds, 'selected')], [3, 0, 3], out);
      assert.equal(field(of('team-a'), 'unselected'), 1);
      const [unsigned] = listField(of('team-b'), 'policies');
      assert.deepEqual([field(unsigned, 'signed'), field(unsigned, 'failed')], [0, 1]);
      assert.equal(field(listField(unsigned, 'reasons')[0], 'reason'), 'KeyNotFound');
      assert.deepEqual(field(report, 'unread'), []);
    });

    it('makes a page, with the rights to view one namespace, and names what it could not read', async () => {
      const { code, out, err } = await asViewer('report', '-n', 'team-a', '-o', 'html');
      assert.equal(code, 0, err);
      assert.match(out, /^<!DOCTYPE html>\n[^]*<td>SigningPolicy team-a\/builds<\/td><td>3<\/td>[^]*<\/html>\n/);
      assert.match(out, /Not allowed to read .*ClusterSigningPolicy/);
    });
  });

  describe('hallmark explain', () => {
    it('says that a run is signed and stored', async () => {
      const { out } = await hallmark('explain', 'taskrun/signed', '-n', 'team-a');
      assert.match(out, /TaskRun team-a\/signed: Succeeded at /);
      assert.match(out, /SigningPolicy team-a\/builds: Stored \(record signed-\w{10}\)/);
    });

    it('says why a policy leaves a run alone', async () => {
      const { out } = await hallmark('explain', 'unlabelled', '--namespace', 'team-a');
      assert.match(out, /SigningPolicy team-a\/builds: not selected\n\s+the run's labels do not match spec\.selector/);
    });

    it('prints the same as JSON', async () => {
      const { out } = await hallmark('explain', 'signed', '-n', 'team-a', '-o', 'json');
      assert.equal(field(JSON.parse(out), 'isFine'), true);
    });

    it('exits with 1 when a selected run is not signed', async () => {
      const { code, out } = await hallmark('explain', 'unsigned', '-n', 'team-b');
      assert.equal(code, 1);
      assert.match(out, /builds: KeyNotFound/);
    });

    it('says that there is no such run', async () => {
      const { code, err } = await hallmark('explain', 'nowhere', '-n', 'team-a');
      assert.equal(code, 1);
      assert.match(err, /there is no TaskRun or PipelineRun "nowhere" in namespace "team-a"/);
    });

    it('exits with 2 when the command line is wrong', async () => {
      assert.equal((await hallmark('explain', '--no-such-flag')).code, 2);
    });
  });
});
