// SPDX-License-Identifier: Apache-2.0
// Evidence stored per second and requests per artifact for each driver, beside the plainest write that the same server takes in the
// same run: payloads of 8 kB, 16 at once. `node bench/storage.ts [ARTIFACTS]`.
import { connectionsApiChannel } from '@platformatic/kafka';
import { FaultProxy } from '../e2e/testbed/fault-proxy/fault-proxy.ts';
import { StorageSubjects } from './storage-subjects.ts';
import type { StorageSubject } from './storage-subjects.ts';

const CONCURRENCY = 16;
/** Over how many artifacts requests are counted, after a first that opens connections. */
const COUNTED = 20;
const never = new AbortController().signal;

/** How many times per second the work is done. */
async function rate(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const worker = async (): Promise<void> => {
    for (const index of indexes) await work(index);
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return (count * 1000) / (performance.now() - beganMs);
}

async function requestsPerArtifact(subjects: StorageSubjects, subject: StorageSubject): Promise<number> {
  let asked = 0;
  const proxy = subject.url === '' ? undefined : await FaultProxy.start({ target: subject.url });
  const count = (): void => {
    asked += 1;
  };
  if (proxy === undefined) connectionsApiChannel.start.subscribe(count);
  const driver = subjects.driver(subject.spec(proxy?.url ?? ''));
  const before = await subject.evidence();
  await driver.put(before.artifact, before.run, never);
  const already = proxy?.requests.length ?? asked;
  for (let index = 0; index < COUNTED; index += 1) {
    const { artifact, run } = await subject.evidence();
    await driver.put(artifact, run, never);
  }
  const total = (proxy?.requests.length ?? asked) - already;
  await driver.close();
  await proxy?.stop();
  connectionsApiChannel.start.unsubscribe(count);
  return total / COUNTED;
}

async function measure(subjects: StorageSubjects, subject: StorageSubject, count: number): Promise<string> {
  const requests = await requestsPerArtifact(subjects, subject);
  const evidence = await Promise.all(Array.from({ length: count }, () => subject.evidence()));
  const driver = subjects.driver(subject.spec(subject.url));
  const stored = await rate(count, async (index) => {
    const one = evidence[index];
    if (one !== undefined) await driver.put(one.artifact, one.run, never);
  });
  await driver.close();
  const plain = await rate(count, (index) => subject.plainWrite(index));
  const cells = [subject.name, stored.toFixed(0), requests.toFixed(1), plain.toFixed(0), (stored / plain).toFixed(2)];
  return `| ${cells.join(' | ')} |`;
}

const count = Number(process.argv[2] ?? 300);
const subjects = new StorageSubjects();
try {
  console.log('| driver | artifacts/s | requests per artifact | plainest writes/s | ratio |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const subject of await subjects.all()) console.log(await measure(subjects, subject, count));
} finally {
  await subjects.stop();
}
