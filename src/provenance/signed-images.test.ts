// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finishedRun } from '../tekton/finished-run.ts';
import { payloads } from './payloads.ts';
import type { FormatName } from './statement.ts';
import { slsaBuildType } from './slsa-v1/build-type.ts';

const hex = '1'.repeat(64);
const digest = `sha256:${hex}`;

function made(status: unknown, format: FormatName | 'None' = 'slsa/v2alpha4') {
  const run = finishedRun({ kind: 'TaskRun', metadata: { name: 't' }, status }, []);
  const rest = { builderID: 'b', buildType: slsaBuildType, deepInspection: false, redactParameters: [] };
  return payloads(run, { attestation: { format, ...rest }, imageSignatureFormats: ['SimpleSigning'] });
}

function signed(status: unknown, format?: FormatName | 'None'): readonly string[] {
  const signatures = made(status, format).filter(({ type }) => type === 'ImageSignature');
  return signatures.flatMap(({ subjects }) => subjects.map(({ name }) => name));
}

const native = (uri: string, buildOutput = true) => ({
  artifacts: { outputs: [{ name: 'image', buildOutput, values: [{ uri, digest: { sha256: hex } }] }] },
});
const results = (...entries: readonly (readonly [string, unknown])[]) => ({
  results: entries.map(([name, value]) => ({ name, value })),
});

describe('image signatures', () => {
  it('cover images that steps announce where they are subjects', () => {
    const status = { steps: [{ name: 's', imageID: `i@${digest}`, ...results(['IMAGES', `r.x/step1@${digest}`]) }] };
    assert.deepEqual(signed(status), ['r.x/step1']);
    assert.deepEqual(signed(status, 'slsa/v1'), []);
  });

  const names: Readonly<Record<string, string>> = {
    'r.x/app1:v1': 'r.x/app1',
    [`r.x/app1@${digest}`]: 'r.x/app1',
    [`oci://r.x/app1:v2@${digest}`]: 'r.x/app1',
    'docker://r.x/app1': 'r.x/app1',
    'pkg:oci/app1?repository_url=r.x/team/app1': 'r.x/team/app1',
  };
  for (const [uri, name] of Object.entries(names)) {
    it(`cover the native artifact ${uri.slice(0, 50)} under the name in its attestation`, () => {
      for (const format of ['slsa/v1', 'slsa/v2alpha3', 'slsa/v2alpha4'] as const) {
        const [attestation, image, ...rest] = made(native(uri), format);
        assert.deepEqual(rest, []);
        assert.deepEqual(attestation?.subjects, [{ name, digest: { sha256: hex } }]);
        assert.deepEqual(image?.subjects, attestation.subjects);
      }
    });
  }

  it('cover URIs with an image scheme, which the statement keeps unchanged', () => {
    const pair = results(['IMAGE_URL', 'oci://r.x/app1'], ['IMAGE_DIGEST', digest]);
    const [attestation] = made(pair);
    assert.deepEqual(
      attestation?.subjects.map(({ name }) => name),
      ['oci://r.x/app1'],
    );
    assert.deepEqual(signed(pair), ['r.x/app1']);
    const uri = 'pkg:oci/app1?repository_url=r.x/app1';
    const flagged = results(['ARTIFACT_OUTPUTS', { uri, digest, isBuildArtifact: 'true' }]);
    assert.deepEqual(signed(flagged), ['r.x/app1']);
    const artifact = results(['ARTIFACT_URI', uri], ['ARTIFACT_DIGEST', digest]);
    assert.deepEqual([signed(artifact, 'slsa/v1'), signed(artifact)], [['r.x/app1'], []]);
  });

  it('cover a build artifact only if it is an image', () => {
    const output = (uri: string) => results(['ARTIFACT_OUTPUTS', { uri, digest, isBuildArtifact: 'true' }]);
    assert.deepEqual(signed(output('r.x/app1:v1')), ['r.x/app1']);
    for (const format of ['slsa/v1', 'slsa/v2alpha4'] as const) {
      assert.deepEqual(signed(output('https://sbom.example.com/loaf.json'), format), []);
    }
  });

  it('cover an image once even if it is announced in several ways', () => {
    const status = {
      ...results(['IMAGES', `r.x/app1@${digest},docker://r.x/app1@${digest}`]),
      ...native('oci://r.x/app1'),
    };
    assert.deepEqual(signed(status), ['r.x/app1']);
  });

  it('do not cover other native artifacts', () => {
    for (const uri of ['pkg:npm/a@1', 'https://r.x/app1', 'report', 'file:///a']) {
      assert.deepEqual(signed(native(uri)), [], uri);
    }
    assert.deepEqual(signed(native('r.x/app1', false)), []);
  });

  it('also exist without an attestation and then carry its warnings', () => {
    const [image, ...rest] = made(results(['IMAGES', `r.x/app1@${digest},r.x/app2:v1`]), 'None');
    assert.deepEqual(rest, []);
    assert.match(image?.warnings?.join() ?? '', /^HintIgnored: .*"r\.x\/app2:v1"/);
  });
});
