// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY_SECRET } from '../harness/team.ts';
import type { Fault } from '../testbed/fault-proxy/fault.ts';
import type { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { SeededRandom } from '../../src/runtime/seeded-random.fixture.ts';
import type { SoakBed } from './soak-bed.ts';

/** Something that goes wrong, and is well again when its promise resolves. */
export interface Disturbance {
  readonly title: string;
  readonly happen: (bed: SoakBed, random: SeededRandom) => Promise<void>;
}

const seconds = (random: SeededRandom, least: number, most: number): Promise<void> =>
  sleep(1000 * (least + random.next() * (most - least)));

/** Trouble of replicas. The soak revives them. */
export const operatorDisturbances: readonly Disturbance[] = [
  {
    title: 'replica killed',
    happen: async (bed, random) => {
      await random.pick(bed.replicas).operator.kill('SIGKILL');
    },
  },
  {
    title: 'replica ended',
    happen: async (bed, random) => {
      await random.pick(bed.replicas).operator.stop();
    },
  },
  {
    title: 'replica frozen',
    happen: async (bed, random) => {
      const { pid } = random.pick(bed.replicas).operator;
      process.kill(pid, 'SIGSTOP');
      // From less than a renewal to more than a Lease.
      await seconds(random, 2, 25);
      process.kill(pid, 'SIGCONT');
    },
  },
  {
    title: 'API server cut off from a replica',
    happen: async (bed, random) => {
      const { apiServer } = random.pick(bed.replicas);
      apiServer.refuse();
      apiServer.cut();
      await seconds(random, 1, 15);
      apiServer.accept();
    },
  },
  {
    title: 'connections of all replicas cut',
    happen: async (bed, random) => {
      for (let index = random.between(1, 5); index > 0; index -= 1) {
        for (const { apiServer } of bed.replicas) apiServer.cut();
        await seconds(random, 0.1, 1);
      }
    },
  },
  {
    title: 'API server slow',
    happen: async (bed, random) => {
      for (const { apiServer } of bed.replicas) apiServer.delay(random.between(50, 400));
      await seconds(random, 3, 10);
      for (const { apiServer } of bed.replicas) apiServer.delay(0);
    },
  },
];

const faults: readonly Fault[] = [
  { type: 'Reset' },
  { type: 'Hang' },
  { type: 'LostAnswer' },
  { type: 'Status', status: 503 },
  { type: 'Truncated' },
  { type: 'Slow', milliseconds: 3000 },
];

function outage(title: string, proxyOf: (bed: SoakBed) => FaultProxy): Disturbance {
  return {
    title,
    happen: async (bed, random) => {
      const proxy = proxyOf(bed);
      proxy.fail(random.pick(faults));
      if (random.next() < 0.5) proxy.cut();
      await seconds(random, 2, 20);
      proxy.heal();
      // Requests that hang would hold their connections for as long as their deadline.
      proxy.cut();
      bed.forgetRequests();
    },
  };
}

/** Trouble of stores. */
export const storeDisturbances: readonly Disturbance[] = [
  outage('registry out', ({ registry }) => registry),
  outage('bucket out', ({ bucket }) => bucket),
];

/** Edits by teams. */
export const teamDisturbances: readonly Disturbance[] = [
  {
    title: 'policy edited',
    happen: async (bed, random) => {
      const { team } = random.pick(bed.teams);
      const builderID = `https://builders.example.com/${random.between(1, 1000)}`;
      const policy = random.pick(['builds', 'archive']);
      await bed.installation.patch(team.name, `signingpolicy/${policy}`, { spec: { attestation: { builderID } } });
    },
  },
  {
    title: 'policy suspended for a while',
    happen: async (bed, random) => {
      const { team } = random.pick(bed.teams);
      await bed.installation.patch(team.name, 'signingpolicy/builds', { spec: { suspend: true } });
      await seconds(random, 2, 10);
      await bed.installation.patch(team.name, 'signingpolicy/builds', { spec: { suspend: false } });
    },
  },
  {
    title: 'retention raised',
    happen: async (bed, random) => {
      const timed = bed.teams.filter(({ retention }) => retention === 'Seconds');
      if (timed.length === 0) return;
      const { team } = random.pick(timed);
      // More than there was: what has retired is not to be signed again.
      const record = { retention: 'Seconds', seconds: random.between(3600, 7200) };
      await bed.installation.patch(team.name, 'signingpolicy/builds', { spec: { record } });
    },
  },
  {
    title: 'key away for a while',
    happen: async (bed, random) => {
      const { team } = random.pick(bed.teams);
      await bed.installation.kubectl(['delete', 'secret', KEY_SECRET, '-n', team.name]);
      await seconds(random, 1, 10);
      await team.createKeySecret();
    },
  },
  {
    title: 'backend edited',
    happen: async (bed, random) => {
      const { team } = random.pick(bed.teams);
      const labels = { 'soak.example.com/edit': String(random.between(1, 1000)) };
      const name = random.pick(['registry', 'tekton', 'bucket']);
      await bed.installation.patch(team.name, `storagebackend/${name}`, { metadata: { labels } });
    },
  },
];
