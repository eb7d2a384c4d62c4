// SPDX-License-Identifier: Apache-2.0
/** Read the observed cases of the reference (testdata/golden). */
import { readFileSync } from 'node:fs';
import Type from 'typebox';
import { Value } from 'typebox/value';

const payloadCases = Type.Object({
  cases: Type.Array(
    Type.Object({
      name: Type.String(),
      kind: Type.Union([Type.Literal('TaskRun'), Type.Literal('PipelineRun')]),
      format: Type.Union([Type.Literal('slsa/v1'), Type.Literal('slsa/v2alpha3'), Type.Literal('slsa/v2alpha4')]),
      config: Type.Record(Type.String(), Type.String()),
      input: Type.Record(Type.String(), Type.Unknown()),
      expected: Type.Optional(Type.Unknown()),
      expectError: Type.Optional(Type.Boolean()),
    }),
  ),
});

const imageCases = Type.Array(
  Type.Object({
    input: Type.Record(Type.String(), Type.Unknown()),
    expected: Type.Array(Type.Object({ shortKey: Type.String(), fullKey: Type.String(), payloadBytes: Type.String() })),
  }),
);

export type PayloadCase = Type.Static<typeof payloadCases>['cases'][number];

export function readPayloadCases(): readonly PayloadCase[] {
  return Value.Parse(payloadCases, readGolden('payload-cases.json')).cases;
}

export function readImageCases(): Type.Static<typeof imageCases> {
  return Value.Parse(imageCases, readGolden('oci-objects.json'));
}

/** One golden file as JSON. */
export function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../testdata/golden/${name}`, import.meta.url), 'utf8'));
}
