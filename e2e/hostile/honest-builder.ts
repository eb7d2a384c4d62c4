// SPDX-License-Identifier: Apache-2.0
// A process of its own, so that nothing that the attackers' process does delays its measurements. It prints a sample for each run that was
// signed, as a line of JSON, and ends in good order on SIGTERM.
import { setTimeout as delay } from 'node:timers/promises';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { watchFrames } from '../../src/kube/watch/watch-frames.ts';
import { recordName } from '../../src/records/record-name.ts';
import { asManifest, at } from '../chart/helm.ts';
import { clientOf } from '../resilience/admin-client.ts';
import { ManagedRuns } from '../resilience/managed-runs.ts';
import { processUsage } from '../resilience/process-usage.ts';

const [kubeconfigPath = '', namespace = '', label = '', host = '', digest = '', operatorPid = ''] =
  process.argv.slice(2);
const PERIOD_MS = 500;
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
const RECORDS = hallmarkResource('ProvenanceRecord');

const client = clientOf(kubeconfigPath);
const registry = { host, pushImage: () => Promise.reject(new Error('the image is pushed already')) };
const runs = new ManagedRuns(client, { name: namespace, releaseLabel: { [label]: 'true' }, registry });
const results = runs.imageResults({ digest, reference: `${host}/${namespace}/app@${digest}` });
const stopping = new AbortController();
/** The runs whose record is not Ready yet, by its name. */
const awaited = new Map<string, () => void>();
const ready = new Set<string>();

process.once('SIGTERM', () => {
  stopping.abort();
});

function see(record: unknown): void {
  const conditions = at(record, 'status', 'conditions');
  const known: readonly unknown[] = Array.isArray(conditions) ? conditions : [];
  if (!known.some((one) => at(one, 'type') === 'Ready' && at(one, 'status') === 'True')) return;
  const name = String(at(record, 'metadata', 'name'));
  ready.add(name);
  awaited.get(name)?.();
}

/** Sees all records of the namespace, again from the beginning when a watch ends. */
async function watch(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      let resourceVersion = '';
      for await (const page of client.pages(RECORDS, { namespace, signal })) {
        resourceVersion = page.resourceVersion;
        page.items.forEach(see);
      }
      const body = await client.watch(RECORDS, { namespace, resourceVersion, timeoutSeconds: 600, signal });
      for await (const { object } of watchFrames(body, MAX_FRAME_BYTES)) see(object);
    } catch {
      await delay(100);
    }
  }
}

async function untilReady(name: string): Promise<void> {
  if (ready.has(name)) return;
  await new Promise<void>((resolve) => awaited.set(name, resolve));
  awaited.delete(name);
}

/** Milliseconds since 1970, with fractions, and never backwards. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function waitedForCpuMs(): number {
  return processUsage(Number(operatorPid)).waitedForCpuMs;
}

async function measure(name: string): Promise<void> {
  const createdMs = nowMs();
  const run = asManifest(await runs.create({ name }));
  await runs.finish(run, { results });
  const beganMs = nowMs();
  const waitedBefore = waitedForCpuMs();
  const uid = String(at(run, 'metadata', 'uid'));
  await untilReady(recordName({ name, uid }, { kind: 'SigningPolicy', namespace, name: 'builds' }));
  const atMs = nowMs();
  const sample = {
    ...{ name, atMs, milliseconds: atMs - beganMs, plainMs: beganMs - createdMs },
    waitedForCpuMs: waitedForCpuMs() - waitedBefore,
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}

const watching = new AbortController();
const watched = watch(watching.signal);
const open: Promise<void>[] = [];
for (let count = 1; !stopping.signal.aborted; count += 1) {
  open.push(measure(`honest-${count}`));
  await delay(PERIOD_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
}
await Promise.all(open);
watching.abort();
await watched;
