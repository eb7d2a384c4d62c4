// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ProvenanceRecord } from '../../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../../src/kube/hallmark-resource.ts';
import { at } from '../../chart/helm.ts';
import { conditionOf } from '../../harness/record.ts';
import { waitUntil } from '../../testbed/processes/wait-until.ts';
import type { Arena, Attack } from '../arena.ts';
import { attackLabels, finishedRun, policySpec, put, soon, recordOf } from './hallmark-objects.ts';

const RECORD = hallmarkResource('ProvenanceRecord');
/** A hundred megabytes in a hundred kilobytes. Packed before anything is measured. */
const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024)).toString('base64');

type RunName = Awaited<ReturnType<typeof finishedRun>>;

/** A run that has not finished: nothing has its name in a record yet. */
async function unfinished(arena: Arena, name: string) {
  const run = await arena.bed.runs.create({ name });
  return { run, identity: { name, uid: String(at(run, 'metadata', 'uid')) } };
}

/** A genuine record of a run of the attacker's. */
async function genuine(arena: Arena, name: string): Promise<ProvenanceRecord> {
  return arena.bed.readyRecord(await finishedRun(arena, name));
}

function nameFor(arena: Arena, run: RunName, policy = 'builds'): string {
  return arena.bed.team.recordName(run, policy);
}

/** Writes a record in the operator's place. @returns its UID */
async function plant(
  arena: Arena,
  record: object,
  metadata: { readonly name: string; readonly namespace?: string },
): Promise<string> {
  const { spec, evidence } = { spec: at(record, 'spec'), evidence: at(record, 'evidence') };
  const object = { metadata: { namespace: arena.bed.team.name, ...metadata }, ...{ spec, evidence } };
  return String(at(await arena.bed.client.create(RECORD, object, soon()), 'metadata', 'uid'));
}

/** The operator's own record of the run, with its own evidence. */
async function madeAnew(arena: Arena, run: RunName, planted: string, text: string): Promise<string> {
  const isOwn = (seen: ProvenanceRecord): boolean =>
    seen.metadata.uid !== planted && conditionOf(seen)?.status === 'True';
  const record = await arena.bed.recordWhen('is made anew', run, isOwn);
  assert.equal(record.spec.runRef.uid, run.uid);
  assert.ok(!JSON.stringify(record).includes(text), `the record says ${text}`);
  return 'removed, and made anew from its run';
}

/** Plants a record for a run that then finishes. @param forge the content, made from a genuine record of another run */
async function plantedBefore(
  arena: Arena,
  name: string,
  forge: (record: ProvenanceRecord, run: RunName) => object,
): Promise<string> {
  const model = await genuine(arena, `${name}-model`);
  const { run, identity } = await unfinished(arena, name);
  const planted = await plant(arena, forge(model, identity), { name: nameFor(arena, identity) });
  await arena.bed.runs.finish(run, {});
  return madeAnew(arena, identity, planted, model.evidence?.artifacts?.[0]?.signature ?? 'signature');
}

function runRef(record: ProvenanceRecord, { name, uid }: RunName): object {
  return { ...record.spec, runRef: { ...record.spec.runRef, name, uid } };
}

function withPayload(record: ProvenanceRecord, payload: string): object {
  const [artifact] = record.evidence?.artifacts ?? [];
  return { ...record.evidence, artifacts: [{ ...artifact, payload }] };
}

export const recordWriterAttacks: readonly Attack[] = [
  {
    title: "another run's whole record, under the name of the next, is not taken for its own",
    gain: 'evidence of another run',
    attempt: (arena) => plantedBefore(arena, 'replayed', (record) => record),
  },
  {
    title: "another run's evidence, with its seal, beside the right run is not believed",
    gain: 'evidence of another run',
    attempt: (arena) =>
      plantedBefore(arena, 'replayed-evidence', (record, run) => ({ ...record, spec: runRef(record, run) })),
  },
  {
    title: 'evidence without any seal is not believed',
    gain: 'evidence of the attacker',
    attempt: (arena) =>
      plantedBefore(arena, 'unsealed', (record, run) => ({
        spec: runRef(record, run),
        evidence: { ...record.evidence, seal: randomBytes(32).toString('base64') },
      })),
  },
  {
    title: 'a payload that unfolds to a thousand times its size is not unfolded',
    gain: "the operator's memory",
    attempt: (arena) =>
      plantedBefore(arena, 'unfolding', (record, run) => ({
        spec: runRef(record, run),
        evidence: withPayload(record, bomb),
      })),
  },
  {
    title: 'a payload that is no gzip at all stops nothing',
    gain: 'an operator that fails at each start',
    attempt: (arena) =>
      plantedBefore(arena, 'no-gzip', (record, run) => ({
        spec: runRef(record, run),
        evidence: withPayload(record, Buffer.from('not gzip').toString('base64')),
      })),
  },
  {
    title: 'JSON that is nested a hundred thousand deep in a payload is not read',
    gain: "the operator's stack",
    attempt: (arena) =>
      plantedBefore(arena, 'deep-payload', (record, run) => ({
        spec: runRef(record, run),
        evidence: withPayload(record, gzipSync('['.repeat(100_000)).toString('base64')),
      })),
  },
  {
    title: 'evidence of one policy is not taken for that of another',
    gain: "another policy's evidence",
    attempt: async (arena) => {
      await put(arena, 'SigningPolicy', { name: 'other', spec: policySpec('swapped') });
      const run = await arena.bed.runs.create({
        name: 'swapped-policies',
        labels: attackLabels(arena, { attack: 'swapped' }),
      });
      const identity = { name: 'swapped-policies', uid: String(at(run, 'metadata', 'uid')) };
      const model = await genuine(arena, 'swapped-model');
      const spec = { ...runRef(model, identity), policyRef: { kind: 'SigningPolicy', name: 'other' } };
      const planted = await plant(arena, { ...model, spec }, { name: nameFor(arena, identity, 'other') });
      await arena.bed.runs.finish(run, {});
      const isOwn = (seen: ProvenanceRecord): boolean =>
        seen.metadata.uid !== planted && conditionOf(seen)?.status === 'True';
      const record = await recordOf(arena, { policy: 'other', run: identity }, 'is made anew', isOwn);
      assert.notEqual(record.evidence?.artifacts?.[0]?.signature, model.evidence?.artifacts?.[0]?.signature);
      return 'removed, and made anew from its run';
    },
  },
  {
    title: 'a record that is copied into another namespace is disowned there',
    gain: "evidence that another team's policy signed it",
    attempt: async (arena) => {
      const model = await genuine(arena, 'copied');
      const namespace = arena.honest.namespace;
      await plant(arena, model, { name: model.metadata.name, namespace });
      const { client } = arena.bed;
      await waitUntil('the copy is disowned', async () => {
        const copy = await client.find(RECORD, { namespace, name: model.metadata.name }, soon());
        return copy === undefined || JSON.stringify(at(copy, 'status') ?? {}).includes('VerificationFailed');
      });
      return 'VerificationFailed';
    },
  },
  {
    title: "the sealed storage of another record's status makes nothing stored",
    gain: 'a record that is Ready without evidence in its store',
    attempt: async (arena) => {
      const model = await genuine(arena, 'stored-model');
      const results = [
        { name: 'IMAGE_URL', type: 'string', value: '127.0.0.1:1/app' },
        { name: 'IMAGE_DIGEST', type: 'string', value: `sha256:${'cd'.repeat(32)}` },
      ];
      const run = await finishedRun(arena, 'swapped-status', { results });
      const record = await arena.bed.recordWithReason(run, 'EndpointForbidden');
      const { name, namespace } = record.metadata;
      await arena.bed.client.mergePatch(RECORD, { metadata: { name, namespace, labels: { touched: 'yes' } } }, soon());
      const now = await arena.bed.record(run);
      const metadata = { name, namespace, resourceVersion: now?.metadata.resourceVersion };
      await arena.bed.client
        .replaceStatus(RECORD, { metadata, ...{ status: model.status } }, soon())
        .catch(() => undefined);
      await arena.bed.recordWithReason(run, 'EndpointForbidden');
      return 'EndpointForbidden again';
    },
  },
  {
    title: 'labels and annotations on a record change nothing of it',
    gain: 'a record that is kept, hidden or retired at will',
    attempt: async (arena) => {
      const record = await genuine(arena, 'annotated');
      const { name, namespace } = record.metadata;
      const annotations = {
        'hallmark.dev/retire': 'now',
        'hallmark.dev/backfill': 'registry',
        'hallmark.dev/trusted': 'true',
      };
      await arena.bed.client.mergePatch(
        RECORD,
        { metadata: { name, namespace, annotations, labels: { owner: 'me' } } },
        soon(),
      );
      const after = await arena.bed.recordWhen(
        'has them',
        { name: 'annotated', uid: record.spec.runRef.uid },
        ({ metadata }) => JSON.stringify(metadata).includes('trusted'),
      );
      assert.deepEqual([after.metadata.uid, after.evidence], [record.metadata.uid, record.evidence]);
      return 'the same record';
    },
  },
  {
    title:
      'a hundred forged records in one namespace are left alone there, and one of another namespace is judged all the same',
    gain: "others' forged records that stay",
    attempt: async (arena) => {
      const { bed, honest } = arena;
      const namespace = 'team-forgers';
      await bed.installation.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      const model = await genuine(arena, 'crowd-model');
      for (let index = 0; index < 100; index += 1) await plant(arena, model, { name: `forged-${index}`, namespace });
      const name = 'forged-beside';
      await plant(arena, model, { name, namespace: honest.namespace });
      await waitUntil('the one of another namespace is disowned', async () => {
        const copy = await bed.client.find(RECORD, { namespace: honest.namespace, name }, soon());
        return copy === undefined || JSON.stringify(at(copy, 'status') ?? {}).includes('VerificationFailed');
      });
      const one = await bed.client.find(RECORD, { namespace, name: 'forged-99' }, soon());
      assert.equal(at(one, 'status'), undefined);
      return 'VerificationFailed in the other namespace';
    },
  },
];
