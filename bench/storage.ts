// SPDX-License-Identifier: Apache-2.0
// Measures evidence stored per second and requests per artifact for each driver, compared with the plainest write to the same server in
// the same run: payloads of 8 kB, 16 at once. `node bench/storage.ts [ARTIFACTS [FAMILY…]] [--write]`.
import { benchArguments, publishTable, refuseToWrite } from './page/publish-table.ts';
import { archivistaSubjects, grafeasSubjects } from './storage-subjects/metadata-subjects.ts';
import { awsSubjects, gcsSubjects } from './storage-subjects/cloud-subjects.ts';
import { firestoreSubjects, mongoSubjects } from './storage-subjects/document-subjects.ts';
import { kafkaSubjects } from './storage-subjects/kafka-subjects.ts';
import { registrySubjects } from './storage-subjects/registry-subjects.ts';
import type { StorageSubject, SubjectFamily } from './storage-subjects/storage-subject.ts';
import { tektonSubjects } from './storage-subjects/tekton-subjects.ts';

const CONCURRENCY = 16;
/** Over how many artifacts requests are counted, after a first that opens connections. */
const COUNTED = 20;
/** After which the work left is left out of a rate. */
const RATE_MS = 6000;
const never = new AbortController().signal;

const families: Readonly<Record<string, SubjectFamily>> = {
  tekton: tektonSubjects,
  registry: registrySubjects,
  gcs: gcsSubjects,
  aws: awsSubjects,
  kafka: kafkaSubjects,
  mongo: mongoSubjects,
  firestore: firestoreSubjects,
  grafeas: grafeasSubjects,
  archivista: archivistaSubjects,
};

/** Does the work so many times, or as often as the time allows. Answers how often it was. */
async function repeat(count: number, work: (index: number) => Promise<unknown>, limitMs = Infinity): Promise<number> {
  const beganMs = performance.now();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count && performance.now() - beganMs < limitMs) {
      begun += 1;
      await work(begun - 1);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return begun;
}

/** The work's rate per second. */
async function rate(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  const done = await repeat(count, work, RATE_MS);
  return (done * 1000) / (performance.now() - beganMs);
}

async function requestsPerArtifact(subject: StorageSubject): Promise<number> {
  const way = await subject.counted();
  const before = await way.evidence();
  await way.driver.put(before.artifact, before.run, never);
  const already = way.requests();
  for (let index = 0; index < COUNTED; index += 1) {
    const { artifact, run } = await way.evidence();
    await way.driver.put(artifact, run, never);
  }
  const total = way.requests() - already;
  await way.driver.close?.();
  await way.stop();
  return total / COUNTED;
}

/** A row of the table of requests, and one of the table of rates. */
interface Rows {
  readonly requests: string;
  readonly rates: string;
}

async function measure(subject: StorageSubject, count: number): Promise<Rows> {
  const requests = await requestsPerArtifact(subject);
  const way = subject.direct();
  const evidence: Awaited<ReturnType<typeof way.evidence>>[] = [];
  await repeat(count, async () => evidence.push(await way.evidence()));
  const stored = await rate(count, async (index) => {
    const one = evidence[index];
    if (one !== undefined) await way.driver.put(one.artifact, one.run, never);
  });
  await way.driver.close?.();
  const plain = await rate(count, (index) => subject.plainWrite(index));
  const rates = [stored.toFixed(0), plain.toFixed(0), (stored / plain).toFixed(2)];
  return {
    requests: `| ${subject.name} | ${requests.toFixed(1)} |`,
    rates: `| ${subject.name} | ${rates.join(' | ')} |`,
  };
}

const [first = '300', ...asked] = benchArguments;
const count = Number(first);
if (asked.length > 0) refuseToWrite('families');
const requestLines = ['| driver | requests per artifact |', '| --- | ---: |'];
const rateLines = ['| driver | artifacts/s | simplest writes/s | ratio |', '| --- | ---: | ---: | ---: |'];
for (const [name, family] of Object.entries(families)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for await (const subject of family()) {
    const { requests, rates } = await measure(subject, count);
    requestLines.push(requests);
    rateLines.push(rates);
  }
}
await publishTable({ id: 'storage-requests', lines: requestLines });
await publishTable({ id: 'storage', lines: rateLines });
