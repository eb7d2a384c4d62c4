// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { EvidenceArtifact, ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import {
  artifactFixture,
  evidenceFixture,
  imageFixture,
  signedEvidenceFixture,
} from '../../evidence/artifact.fixture.ts';
import { toEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { ModelApi } from '../../kube/model-api.fixture.ts';
import { digestLabels } from '../../records/digest-labels.ts';
import { storedRecord } from '../../records/stored-record.fixture.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { UsageError } from '../cli-error.ts';
import { findRecords } from './find-records.ts';
import { getTarget } from './get-target.ts';
import { getCommand } from './get.ts';
import { objectsText } from './object-text.ts';
import { recordEvidenceText } from './record-evidence-text.ts';
import { recordsText } from './record-text.ts';

const { signal } = new AbortController();
const APP = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

function record(runName: string, artifacts: readonly EvidenceArtifact[], namespace = 'team-a'): ProvenanceRecord {
  const parsed = parseProvenanceRecord(storedRecord({ runName, namespace }));
  assert.ok(parsed.ok);
  return { ...parsed.value, evidence: { artifacts: [...artifacts] } };
}

describe('the records that hallmark get finds', () => {
  let api: ModelApi;
  beforeEach(() => {
    api = new ModelApi(new ManualClock());
  });

  async function create(object: ProvenanceRecord, labels = digestLabels(object.evidence?.artifacts ?? [])) {
    const { namespace, name } = object.metadata;
    const made = { ...object, metadata: { namespace, name, labels } };
    await api.client.create(hallmarkResource('ProvenanceRecord'), made, { signal });
  }

  async function found(text: string, isEverywhere = false): Promise<readonly string[]> {
    const target = getTarget(text);
    assert.ok(target.type !== 'Tag');
    const records = await findRecords(api.client, target, { namespace: isEverywhere ? undefined : 'team-a', signal });
    return records.map((each) => `${each.record.metadata.namespace}/${each.record.spec.runRef.name}`);
  }

  it('are those of a run, of one kind where one is named', async () => {
    await create(record('bake', []));
    await create(record('other', []));
    assert.deepEqual(await found('bake'), ['team-a/bake']);
    assert.deepEqual(await found('taskrun/bake'), ['team-a/bake']);
    assert.deepEqual(await found('pipelinerun/bake'), []);
  });

  it('is one by its own name, with its kind or bare', async () => {
    const made = record('bake', []);
    await create(made);
    for (const text of [made.metadata.name, `record/${made.metadata.name}`])
      assert.deepEqual(await found(text), ['team-a/bake']);
  });

  it('are all that are about a digest, in one namespace or in all', async () => {
    await create(record('bake', [evidenceFixture()]));
    await create(record('again', [evidenceFixture()], 'team-b'));
    await create(record('other', [evidenceFixture({ subjects: [`x@sha256:${OTHER}`] })]));
    assert.deepEqual(await found(`sha256:${APP}`), ['team-a/bake']);
    assert.deepEqual(await found(`sha256:${APP}`, true), ['team-a/bake', 'team-b/again']);
  });

  it('include a record without labels, and one whose list of subjects is cut', async () => {
    await create(record('unlabelled', [evidenceFixture()]), {});
    const many = Array.from({ length: 70 }, (_, index) => ({
      name: `i${index}`,
      digest: { sha256: index.toString(16).padEnd(64, 'e') },
    }));
    const last = { name: 'last', digest: { sha256: OTHER } };
    const payload = Buffer.from(JSON.stringify({ subject: [...many, last] }));
    const cut = toEvidenceArtifact(artifactFixture({ payload, subjects: [...many, last] }));
    await create(record('cut', [cut]));
    assert.deepEqual(await found(`sha256:${APP}`), ['team-a/unlabelled']);
    assert.deepEqual(await found(`sha256:${OTHER}`), ['team-a/cut']);
  });

  it('are not those that only carry the label of a digest, which others can write', async () => {
    await create(
      record('liar', [evidenceFixture({ subjects: [`x@sha256:${OTHER}`] })]),
      digestLabels([evidenceFixture()]),
    );
    assert.deepEqual(await found(`sha256:${APP}`), []);
  });
});

describe('the operator whose backends hallmark get reads', () => {
  it('is in the namespace that is given, hallmark-system if none is', () => {
    const operatorNamespace = (...args: readonly string[]): unknown => {
      const command = getCommand();
      command.parseOptions([...args]);
      return command.opts()['operatorNamespace'];
    };
    assert.equal(operatorNamespace('--operator-namespace', 'signing'), 'signing');
    assert.equal(operatorNamespace(), 'hallmark-system');
  });
});

describe('the text of a record', () => {
  it('names outcome, run, policy, artifacts, storage and warnings', () => {
    const parsed = parseProvenanceRecord(
      storedRecord({
        storage: [
          {
            ...{
              backendRef: { kind: 'StorageBackend', name: 'r' },
              state: 'Stored',
              locations: [{ uri: 'oci://reg/x' }],
            },
            verification: { state: 'Failed', message: 'it is another' },
          },
          {
            ...{ backendRef: { kind: 'StorageBackend', name: 's' }, state: 'Pending', attempts: 3 },
            ...{ reason: 'BackendUnauthorized', message: 'no login', nextAttemptTime: '2026-01-02T03:04:05Z' },
          },
        ],
      }),
    );
    assert.ok(parsed.ok);
    const text = recordsText([
      {
        ...parsed.value,
        evidence: { artifacts: [signedEvidenceFixture({ warnings: ['SubjectIgnored: no digest'] })] },
      },
    ]);
    for (const line of [
      /^ProvenanceRecord team-a\/bake-\w{10}: Stored$/m,
      /^ {2}run: TaskRun bake, Succeeded at 2026/m,
      /^ {2}policy: SigningPolicy builds$/m,
      /^ {4}attestation: InTotoStatement, signed by SHA256:key$/m,
      new RegExp(`^ {6}reg.example/app@sha256:${APP}$`, 'm'),
      /^ {4}StorageBackend\/r: Stored$/m,
      /^ {6}oci:\/\/reg\/x$/m,
      /^ {6}read back: Failed: it is another$/m,
      /^ {4}StorageBackend\/s: Pending: BackendUnauthorized: no login\n {6}failed 3 times in a row\n {6}tried again by 2026-01-02T03:04:05Z$/m,
      // The evidence may be long, so it follows what became of it.
      /^ {2}storage:\n[^]*\n {2}evidence:\n/m,
      /^ {4}SubjectIgnored: no digest$/m,
    ])
      assert.match(text, line);
  });

  it('escapes what could command a terminal', () => {
    const hostile = signedEvidenceFixture({ warnings: ['\u001B[2Jgone'], subjects: ['a\u202Eb@sha256:00'] });
    const text = recordsText([record('bake', [hostile])]);
    assert.doesNotMatch(text, /[\u001B\u202E]/);
    assert.match(text, /\\u001b\[2Jgone/);
  });

  it('says that an artifact is not signed, and counts subjects that it does not show', () => {
    const subjects = Array.from({ length: 20 }, (_, index) => `s${index}@sha256:${APP}`);
    assert.match(
      recordsText([record('bake', [evidenceFixture({ subjects, subjectCount: 90 })])]),
      /not signed\n(.*\n){8} +and 82 more/,
    );
  });
});

describe('the evidence of a record', () => {
  const attestation = signedEvidenceFixture();
  const simpleSigning = JSON.stringify({
    critical: {
      identity: { 'docker-reference': 'reg.example/app' },
      image: { 'docker-manifest-digest': `sha256:${APP}` },
      type: 'cosign container image signature',
    },
  });
  const image = toEvidenceArtifact(imageFixture({ payload: Buffer.from(simpleSigning) }));

  it('is the exact payload as a statement, without image signatures', () => {
    assert.equal(recordEvidenceText(record('bake', [attestation, image]), 'statement'), '{"predicate":{"n":1}}');
  });

  it('is an envelope of the signed payload', () => {
    const envelope: unknown = JSON.parse(recordEvidenceText(record('bake', [attestation, image]), 'envelope'));
    assert.deepEqual(envelope, {
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from('{"predicate":{"n":1}}').toString('base64'),
      signatures: [{ keyid: 'SHA256:key', sig: Buffer.from('signature').toString('base64') }],
    });
  });

  it('is one artifact by its name', () => {
    assert.equal(recordEvidenceText(record('bake', [attestation, image]), 'statement', image.name), simpleSigning);
    assert.throws(() => recordEvidenceText(record('bake', [image]), 'envelope', image.name), UsageError);
    assert.throws(
      () => recordEvidenceText(record('bake', [image]), 'envelope', 'else'),
      /has no artifact else: it has image-/,
    );
  });

  it('is refused where there is none, with the reason that the record states', () => {
    const problem = { reason: 'ChildMissing', message: 'a child is gone' };
    assert.throws(
      () => recordEvidenceText({ ...record('bake', []), evidence: { problem } }, 'statement'),
      /a child is gone/,
    );
    assert.throws(
      () => recordEvidenceText(record('bake', [evidenceFixture()]), 'envelope'),
      /"attestation" is not signed/,
    );
  });
});

describe('records as objects', () => {
  it('leave out the entries of field managers, and show evidence last', async () => {
    const object = {
      apiVersion: 'v',
      kind: 'K',
      metadata: { name: 'a', managedFields: [1] },
      evidence: { x: 1 },
      spec: {},
      status: {},
    };
    assert.equal(
      await objectsText([object], 'yaml'),
      'apiVersion: v\nkind: K\nmetadata:\n  name: a\nspec: {}\nstatus: {}\nevidence:\n  x: 1',
    );
  });

  it('are a List where there are several', async () => {
    const list: unknown = JSON.parse(await objectsText([{ kind: 'A' }, { kind: 'B' }], 'json'));
    assert.deepEqual(list, {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { kind: 'A', metadata: {} },
        { kind: 'B', metadata: {} },
      ],
    });
  });
});
