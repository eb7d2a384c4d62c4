// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { field } from '../src/json/fields.ts';
import { rfc3339Seconds } from '../src/api/v1alpha1/fields/date-time.ts';
import { sealKeyID } from '../src/records/seal/seal.ts';
import { SEAL_KEY, storedEntry, storedRecord } from '../src/records/stored-record.fixture.ts';
import { ObjectTemplate } from './object-template.ts';
import { benchTaskRun } from './provenance-runs.ts';

/** A cluster of this bench: so many finished TaskRuns and stored records, in ten namespaces. */
export interface FullCluster {
  readonly runs: number;
  readonly records: number;
}

const NAMESPACES = 10;
/** A statement that does not compress, so that a record takes about as many bytes as one of a run of 8 kB. */
const PAYLOAD = Buffer.from(Array.from({ length: 40 }, (_, index) => sha256(`payload ${index}`)).join(''));
const WEEK_SECONDS = 604_800;
const KIND = { apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord' };

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The same UUID for the same name. */
function uuidOf(name: string): string {
  return sha256(name).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function runName(index: number): string {
  return `build-and-push-app-${index.toString(36).padStart(6, '0')}`;
}

function run(index: number): object {
  const name = runName(index);
  const object = benchTaskRun(name);
  const metadata = 'metadata' in object && typeof object.metadata === 'object' ? object.metadata : {};
  const identity = { namespace: namespaceOf(index), uid: uuidOf(name), resourceVersion: String(index + 1) };
  return { ...object, metadata: { ...metadata, ...identity } };
}

/** A record that is signed, stored, verified and kept for a week: only its retirement is left. */
function record(index: number, completionTime: string): unknown {
  const name = runName(index);
  const stored = storedRecord({
    namespace: namespaceOf(index),
    runName: name,
    uids: { run: uuidOf(name), record: uuidOf(`record of ${name}`) },
    resourceVersion: String(1_000_000 + index),
    backends: ['annotations'],
    storage: [storedEntry('annotations')],
    payload: PAYLOAD,
    spec: { completionTime, retention: { type: 'Seconds', seconds: WEEK_SECONDS } },
  });
  return { ...Object(stored), ...KIND };
}

/** The texts in which a run differs from the others. */
function textsOfRun(index: number): readonly string[] {
  const name = runName(index);
  const uid = uuidOf(name);
  return [name, `${name}-pod`, `registry.example/team/${name}`, namespaceOf(index), uid, String(index + 1)];
}

/** The texts in which a record differs from the others. */
function textsOfRecord(index: number, completionTime: string): readonly string[] {
  const object = record(index, completionTime);
  const metadata = field(object, 'metadata');
  const seals = [field(field(object, 'evidence'), 'seal'), field(field(object, 'status'), 'seal')];
  const names = ['namespace', 'name', 'uid', 'resourceVersion'].map((name) => field(metadata, name));
  return [runName(index), uuidOf(runName(index)), ...[...names, ...seals].map(String)];
}

function namespaceOf(index: number): string {
  return `team-${index % NAMESPACES}`;
}

/** Answers the operator's reads as an API server with these objects does. */
export class FullClusterApi {
  readonly #cluster: FullCluster;
  readonly #completionTime = rfc3339Seconds(new Date());
  readonly #runs = new ObjectTemplate(run(0), textsOfRun(0));
  readonly #records = new ObjectTemplate(record(0, this.#completionTime), textsOfRecord(0, this.#completionTime));

  constructor(cluster: FullCluster) {
    this.#cluster = cluster;
  }

  /** @returns the answer to a read, as JSON; undefined for an object that is not there */
  answer(path: string, query: URLSearchParams): string | undefined {
    if (path.endsWith('/secrets/hallmark-seal')) return JSON.stringify(sealSecret());
    const plural = path.split('/').at(-1) ?? '';
    if (!/s$/.test(plural) || /\/namespaces\/[^/]+\/[^/]+\/[^/]+$/.test(path)) return undefined;
    const all: Readonly<Record<string, readonly [number, (index: number) => string]>> = {
      taskruns: [this.#cluster.runs, (index) => this.#runs.write(textsOfRun(index))],
      provenancerecords: [
        this.#cluster.records,
        (index) => this.#records.write(textsOfRecord(index, this.#completionTime)),
      ],
    };
    const [count, write] = all[plural] ?? [0, String];
    const first = Number(query.get('continue') ?? 0);
    const next = Math.min(count, first + Number(query.get('limit') ?? 500));
    // An API server writes the fields of custom resources in the order of their names.
    const items = Array.from({ length: next - first }, (_, index) => write(first + index));
    const rest = next < count ? { continue: String(next), remainingItemCount: count - next } : {};
    const metadata = JSON.stringify({ resourceVersion: '9000000', ...rest });
    return `{"apiVersion":"v1","items":[${items.join()}],"kind":"List","metadata":${metadata}}`;
  }
}

function sealSecret(): object {
  const key = Buffer.from(SEAL_KEY.reveal()).toString('base64');
  const metadata = {
    namespace: 'hallmark-system',
    name: 'hallmark-seal',
    uid: sealKeyID(SEAL_KEY),
    resourceVersion: '1',
  };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: { key } };
}
