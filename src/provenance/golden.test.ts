// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type WarningKind, warningKindOf } from '../api/v1alpha1/warning.ts';
import { finishedRun } from '../tekton/finished-run.ts';
import type { FinishedRun } from '../tekton/finished-run.ts';
import { PayloadError } from '../tekton/payload-error.ts';
import { readGolden, readImageCases, readPayloadCases } from './golden-cases.fixture.ts';
import type { PayloadCase } from './golden-cases.fixture.ts';
import type { Artifact } from '../evidence/artifact.ts';
import { payloads } from './payloads.ts';
import { slsaBuildType } from './slsa-v1/build-type.ts';
import type { FormatName } from './statement.ts';

type Json = Readonly<Record<string, unknown>>;

/** Deliberate differences, by name of the case: the reference produces no payload, Hallmark produces this one. */
const corrected: Readonly<
  Record<string, { readonly rule: string; readonly warning: string; readonly imageID: string }>
> = {
  'empty-image-id': {
    rule: 'an empty imageID leaves that material out',
    warning: 'MaterialMissing: the image of step "a" of TaskRun t is not among the materials: its imageID is empty',
    imageID: '',
  },
  'image-id-bare-digest': {
    rule: 'an imageID without a digest leaves that material out',
    warning:
      'MaterialMissing: the image of step "a" of TaskRun t is not among the materials: its imageID has no digest: "sha256:abcd"',
    imageID: 'sha256:abcd',
  },
};

/** Kinds of warnings about things that the reference does silently. */
const silentInReference: ReadonlySet<WarningKind | undefined> = new Set([
  'HintIgnored',
  'HintMalformed',
  'InputIgnored',
  'TaskOmitted',
  'UriMalformed',
  'DigestMalformed',
]);

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function json(value: unknown): Json {
  assert.ok(isJson(value));
  return value;
}

function withKind(kind: string, object: unknown): Json {
  return { apiVersion: 'tekton.dev/v1', kind, ...json(object) };
}

/** The formatters of the reference were given the children; here the run has to refer to them. */
function goldenRun({ kind, input }: Pick<PayloadCase, 'kind' | 'input'>): FinishedRun {
  if (kind === 'TaskRun') return finishedRun(withKind(kind, input), []);
  const children = Array.isArray(input['trs']) ? input['trs'].map((child: unknown) => withKind('TaskRun', child)) : [];
  const run = withKind(kind, input['pr']);
  const childReferences = children.map((child) => ({ kind: 'TaskRun', name: json(child['metadata'])['name'] }));
  return finishedRun({ ...run, status: { ...json(run['status']), childReferences } }, children, { matchBy: 'Name' });
}

function attest(run: FinishedRun, format: FormatName, config: Readonly<Record<string, string>> = {}): Artifact {
  const [payload] = payloads(run, {
    attestation: {
      format,
      builderID: 'https://tekton.dev/chains/v2',
      buildType: config['builddefinition.buildtype'] ?? slsaBuildType,
      deepInspection: config['artifacts.pipelinerun.enable-deep-inspection'] === 'true',
      redactParameters: [],
    },
    imageSignatureFormats: [],
  });
  assert.ok(payload);
  return payload;
}

/** Subjects are a set: their order is not stable in the reference. */
function comparable(statement: unknown): unknown {
  const { subject, ...rest } = json(statement);
  return {
    ...rest,
    subject: Array.isArray(subject) ? subject.map((entry) => JSON.stringify(entry)).sort() : undefined,
  };
}

function parsed({ payload }: Artifact): unknown {
  return JSON.parse(payload.toString('utf8'));
}

describe('the observed payloads of the reference', () => {
  const cases = readPayloadCases();

  for (const golden of cases) {
    const rule = corrected[golden.name]?.rule;
    const title = `${golden.name} as ${golden.format}${rule === undefined ? '' : ` (corrected: ${rule})`}`;
    it(title, () => {
      const run = goldenRun(golden);
      const formats: FormatName[] = golden.format === 'slsa/v1' ? ['slsa/v1', 'in-toto'] : [golden.format];
      for (const format of formats) checkCase(golden, run, format);
    });
  }

  it('are complete', () => {
    assert.equal(cases.length, 67);
  });
});

function checkCase(golden: PayloadCase, run: FinishedRun, format: FormatName): void {
  const difference = corrected[golden.name];
  if (difference !== undefined) {
    const payload = attest(run, format, golden.config);
    assert.deepEqual(payload.warnings, [difference.warning]);
    assert.deepEqual(parsed(payload), correctedStatement(golden, difference.imageID));
  } else if (golden.expectError === true) {
    assert.throws(() => attest(run, format, golden.config), PayloadError);
  } else {
    const payload = attest(run, format, golden.config);
    assert.deepEqual(comparable(parsed(payload)), comparable(golden.expected));
    // A warning reports everything that the reference drops or signs unchanged; nothing else is missing.
    const others = (payload.warnings ?? []).filter((text) => !silentInReference.has(warningKindOf(text)));
    assert.deepEqual(others, []);
  }
}

/** The payload of the reference for the empty run, with the step but without its image among the materials. */
function correctedStatement({ format }: PayloadCase, imageID: string): unknown {
  const empty = readPayloadCases().find((golden) => golden.name === 'empty-taskrun' && golden.format === format);
  const statement = json(empty?.expected);
  if (format !== 'slsa/v1') return statement;
  const step = {
    annotations: null,
    arguments: null,
    entryPoint: '',
    environment: { container: 'a', image: `oci://${imageID}` },
  };
  return { ...statement, predicate: { ...json(statement['predicate']), buildConfig: { steps: [step] } } };
}

describe('the observed image signatures of the reference', () => {
  for (const [index, { input, expected }] of readImageCases().entries()) {
    it(`of object ${index} are equal byte for byte`, () => {
      const signatures = payloads(finishedRun(withKind('TaskRun', input), []), {
        attestation: { format: 'None', builderID: '', buildType: '', deepInspection: false, redactParameters: [] },
        imageSignatureFormats: ['SimpleSigning'],
      });
      assert.deepEqual(
        signatures.map(({ payload }) => payload.toString('utf8')).sort(),
        expected.map((e) => e.payloadBytes).sort(),
      );
      const keys = signatures.flatMap(({ subjects }) =>
        subjects.map(({ name, digest }) => `${name}@sha256:${digest['sha256'] ?? ''}`),
      );
      assert.deepEqual(keys.sort(), expected.map(({ fullKey }) => fullKey).sort());
      assert.equal(new Set(signatures.map(({ name }) => name)).size, signatures.length);
    });
  }
});

describe('the worked examples', () => {
  const files = ['slsa-v1', 'slsa-v2alpha3', 'slsa-v2alpha4', 'slsa-v2alpha4.deep'] as const;
  const formats = {
    'slsa-v1': 'slsa/v1',
    'slsa-v2alpha3': 'slsa/v2alpha3',
    'slsa-v2alpha4': 'slsa/v2alpha4',
    'slsa-v2alpha4.deep': 'slsa/v2alpha4',
  } as const;

  for (const file of files) {
    it(`PipelineRun as ${file}`, () => {
      const run = goldenRun({ kind: 'PipelineRun', input: json(readGolden('example-pipelinerun.input.json')) });
      const config = { 'artifacts.pipelinerun.enable-deep-inspection': String(file.endsWith('deep')) };
      const expected = readGolden(`example-pipelinerun.${file}.json`);
      assert.deepEqual(comparable(parsed(attest(run, formats[file], config))), comparable(expected));
    });
    if (file.endsWith('deep')) continue;
    it(`TaskRun as ${file}`, () => {
      const run = goldenRun({ kind: 'TaskRun', input: json(readGolden('example-taskrun.input.json')) });
      const expected = readGolden(`example-taskrun.${file}.json`);
      assert.deepEqual(comparable(parsed(attest(run, formats[file]))), comparable(expected));
    });
  }
});
