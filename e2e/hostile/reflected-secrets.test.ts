// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, storageOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { managedRuns, ManagedRuns } from '../resilience/managed-runs.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { HostileBed } from './hostile-bed.ts';
import { Mirror } from './mirror.ts';
import {
  ACCOUNT,
  mirroredManifests,
  mirroredSigners,
  mirroredStores,
  plantedSecrets,
  sentSecrets,
} from './mirrored-services.ts';

const NAME = 'team-mirrored';

describe('services that repeat in their answers what they were sent', () => {
  let mirror: Mirror;
  let bed: HostileBed;
  let team: Team;
  /** Tokens of the ServiceAccount that the certificate authority was shown. */
  const tokens = (): readonly string[] => [
    ...new Set(mirror.answers.join('\n').match(/eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}/g) ?? []),
  ];

  before(async () => {
    mirror = await Mirror.start();
    const { host } = mirror.server;
    const destinations = `config.tokens.destinations=${JSON.stringify([{ audience: 'sigstore', hosts: [host] }])}`;
    bed = await HostileBed.start({ label: 'mirror', outbound: [host], values: [destinations] });
    const backendRefs = Object.keys(mirroredStores(host)).map((name) => ({ kind: 'StorageBackend', name }));
    team = await bed.installation.team({ name: NAME, backends: [], policy: { ...managedRuns, backendRefs } });
    // A role in the team's namespace, which has to be there.
    const accounts = `tokens.serviceAccounts=${JSON.stringify({ [NAME]: [ACCOUNT] })}`;
    await bed.installation.helm('upgrade', [destinations, accounts]);
    await bed.installation.apply(...mirroredManifests(NAME, mirror.server));
  });
  after(async () => {
    await bed.stop();
    await mirror.server.down();
  });

  it('are each found not ready, and have runs wait', async () => {
    const run = await new ManagedRuns(bed.client, team).build({ name: 'bake-1' });
    const stores = Object.keys(mirroredStores(mirror.server.host));
    const record = await bed.recordWhen(
      'is tried in every store',
      run,
      (seen) => stores.every((name) => storageOf(seen, name)?.reason !== undefined),
      team,
    );
    assert.equal(conditionOf(record, 'Signed')?.status, 'True');
    for (const name of stores) {
      assert.equal(storageOf(record, name)?.state, 'Pending', name);
      await bed.installation.wait(NAME, `storagebackend/${name}`, 'condition=Ready=False');
    }
    for (const name of Object.keys(mirroredSigners(mirror.server.host))) {
      await bed.installation.wait(NAME, `signingpolicy/${name}`, 'condition=KeyReady=False');
    }
    assert.equal((await team.records()).length, 1 + Object.keys(mirroredSigners('')).length);
  });

  it('never make a key, password or token show in logs, Events, metrics or objects', async () => {
    const patience = { timeoutSeconds: 120 };
    for (const [secret, times] of Object.entries(sentSecrets))
      await waitUntil(
        `the mirror repeats "${secret}" ${times} times`,
        () => mirror.repeated(secret) >= times,
        patience,
      );
    await waitUntil('the certificate authority is shown a token', () => tokens().length > 0, patience);
    const texts = await shownTexts(bed.installation, bed.operator);
    assert.ok(texts['logs']?.includes('"message":"'));
    assert.ok(/^hallmark_/m.test(texts['metrics'] ?? ''));
    const secrets = [...plantedSecrets, ...tokens(), ...secretsOf(team)];
    assert.deepEqual(leaks(texts, secrets), []);
    const { stdout } = await bed.installation.kubectl(['get', 'secrets', '-n', NAME, '-o', 'json']);
    for (const secret of plantedSecrets.filter((planted) => sentSecrets[planted] === undefined)) {
      assert.notDeepEqual(leaks({ secrets: stdout }, [secret]), [], 'the search finds what is there');
    }
  });

  it('leave the operator and the other teams unharmed', () => bed.assertUnharmed());
});
