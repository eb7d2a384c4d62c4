// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { EnforceBed, PublishedTeam } from './enforce-bed.ts';

/** Expects that an admission controller judges init and ephemeral containers of a team's pods as it does the others. */
export async function expectEveryContainerJudged(bed: EnforceBed, team: PublishedTeam, reason: RegExp): Promise<void> {
  const { namespace } = team;
  const unsigned = (await bed.image(`${namespace}/app`)).reference;
  // One image in two containers makes Kyverno 1.19.1 hang at the next image that it has not seen.
  const signed = async (): Promise<string> => (await bed.signed(team)).reference;
  const containers = [{ name: 'c', image: await signed() }];
  const create = (initImage: string) =>
    bed.createPod(
      { name: 'prepared', namespace },
      { initContainers: [{ name: 'first', image: initImage }], containers },
    );
  const refused = await create(unsigned);
  assert.notEqual(refused.code, 0, 'a pod with an unsigned init container is admitted');
  assert.match(refused.err, reason);
  const admitted = await create(await signed());
  assert.deepEqual([admitted.code, admitted.err], [0, '']);
  const debugged = await bed.debug(namespace, 'prepared', unsigned);
  assert.notEqual(debugged.code, 0, 'an unsigned ephemeral container is admitted');
  assert.match(debugged.err, reason);
  const { code, err } = await bed.debug(namespace, 'prepared', await signed());
  assert.equal(code, 0, err);
}
