// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { listField } from '../../../src/json/fields.ts';
import { at } from '../../chart/helm.ts';
import { processUsage } from '../../resilience/process-usage.ts';
import { waitUntil } from '../../testbed/processes/wait-until.ts';
import type { Arena, Attack } from '../arena.ts';
import { type Kind, policySpec, put } from './hallmark-objects.ts';
import { inParallel } from './in-parallel.ts';

/** More of each kind than the share of a namespace, which is 200. */
const OF_A_KIND = 205;
const NAMESPACES = Math.ceil(Number(process.env['HALLMARK_CROWD'] ?? 400) / (2 * OF_A_KIND));
const TOTAL = 2 * OF_A_KIND * NAMESPACES;
/** A crowd may take as long as it wants while it gets on. */
const PATIENCE_SECONDS = 120;
/** One in so many objects is a backend whose name is never resolved; the other backends have names that do not exist. */
const SILENT = 100;

const kinds = ['SigningPolicy', 'StorageBackend'] as const;
const namespaces = Array.from({ length: NAMESPACES }, (_, index) => `team-crowd-${index}`);

export const crowdAttacks: readonly Attack[] = [
  {
    title: 'a crowd of policies and backends at once is left out past their shares, and all say so',
    gain: "the operator's memory and time",
    attempt: async (arena) => {
      const { installation, operator } = arena.bed;
      await installation.apply(
        ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      );
      const [beganMs, before] = [performance.now(), processUsage(operator.pid)];
      await inParallel(TOTAL, (index) => putOne(arena, index));
      const madeMs = performance.now();
      for (const namespace of namespaces) for (const kind of kinds) await untilSeen(arena, kind, namespace);
      const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
      const after = processUsage(operator.pid);
      const mebibytes = (after.residentBytes / 1024 / 1024).toFixed(0);
      const took = `made in ${seconds(madeMs - beganMs)} and looked at ${seconds(performance.now() - madeMs)} later`;
      return `${TOTAL} ${took}, ${(after.cpuSeconds - before.cpuSeconds).toFixed(0)} s of the operator's CPU, ${mebibytes} MiB`;
    },
  },
];

/** Policies that store in all backends of their namespace, and backends in turn with them. */
async function putOne(arena: Arena, index: number): Promise<void> {
  const namespace = namespaces[index % NAMESPACES] ?? assert.fail();
  const name = `crowd-${index}`;
  if (Math.floor(index / NAMESPACES) % 2 === 0) {
    await put(arena, 'SigningPolicy', { ...{ name, namespace }, spec: policySpec(name, { backendRefs: [] }) });
    return;
  }
  const host = `${name}.hostile.test`;
  if (index % SILENT === NAMESPACES) arena.name(host, () => undefined);
  const spec = { type: 'Archivista', artifacts: ['Attestation'], archivista: { url: `https://${host}` } };
  await put(arena, 'StorageBackend', { name, namespace, spec });
}

/** Each says what became of it, and those past the share that they are left out. */
async function untilSeen({ bed }: Arena, kind: Kind, namespace: string): Promise<void> {
  const list = async (): Promise<readonly unknown[]> =>
    listField(await bed.installation.json(['get', kind, '-n', namespace]), 'items');
  let objects: readonly unknown[] = [];
  let left = OF_A_KIND;
  while (left > 0) {
    ({ objects, left } = await waitUntil(
      `fewer than ${left} of the kind ${kind} in ${namespace} have no status`,
      async () => {
        const found = await list();
        const unseen = found.filter((item) => at(item, 'status', 'observedGeneration') !== 1).length;
        return unseen < left ? { objects: found, left: unseen } : undefined;
      },
      { timeoutSeconds: PATIENCE_SECONDS, intervalMilliseconds: 2000 },
    ));
  }
  assert.equal(objects.length, OF_A_KIND);
  const isLeftOut = new RegExp(
    `has more than 200 ${kind === 'SigningPolicy' ? 'SigningPolicies' : 'StorageBackends'}: this one is left out`,
  );
  assert.equal(
    objects.filter((object) => isLeftOut.test(JSON.stringify(at(object, 'status')))).length,
    OF_A_KIND - 200,
  );
}
