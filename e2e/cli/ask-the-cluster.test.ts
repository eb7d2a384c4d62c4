// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { digestLabel } from '../../src/records/digest-labels.ts';
import { Installation } from '../harness/installation.ts';
import type { Build, Team } from '../harness/team.ts';
import type { Ended } from '../verify/verify-bed.ts';
import { hallmarkAs, viewerOf } from './command-bed.ts';

describe('the command that asks a real cluster', () => {
  let installation: Installation;
  let team: Team;
  let signed: Build;
  let viewer: string;

  before(async () => {
    installation = await Installation.start({ label: 'ask', replicas: 1 });
    team = await installation.team({ name: 'team-a' });
    await team.untilReady();
    signed = await team.build({ name: 'signed' });
    await team.readyRecord(signed);
    viewer = await viewerOf(installation, 'team-a');
  });
  after(() => installation.stop());

  const hallmark = (...args: readonly string[]): Promise<Ended> => hallmarkAs(installation.plane.kubeconfigPath, args);
  const asViewer = (...args: readonly string[]): Promise<Ended> => hallmarkAs(viewer, args);

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
        const { code, out, err } = await hallmark('get', image, '-A');
        assert.deepEqual([code, out.split('\n')[0]], [0, name], err);
      }
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
      await team.build({ name: 'unlabelled', isRelease: false });
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
});
