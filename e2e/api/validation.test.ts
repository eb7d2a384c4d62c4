// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { acceptedManifests } from '../../src/api/v1alpha1/cases/accepted-manifests.fixture.ts';
import { policy } from '../../src/api/v1alpha1/cases/case-objects.fixture.ts';
import { refusedManifests } from '../../src/api/v1alpha1/cases/refused-manifests.fixture.ts';
import { pages } from '../../codegen/crds/pages/all.ts';
import { parse } from 'yaml';
import { asManifest } from '../chart/helm.ts';
import { installedCrds, type ApiUnderTest } from './installed-crds.ts';
import { refusal } from './refusal.ts';

describe('the API server', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await installedCrds('api-validation');
  });
  after(() => api.stop());

  /** The words with which it would refuse to create an object; undefined when it would not. */
  const refused = (manifest: unknown): Promise<string | undefined> =>
    refusal(api.objects.create(asManifest(manifest), { isDryRun: true }));

  describe('refuses, and says what must hold', () => {
    for (const { name, manifest, path, message, serverMessage } of refusedManifests) {
      it(name, async () => {
        const output = asJson((await refused(manifest)) ?? '');
        const expected = serverMessage ?? message;
        assert.ok(output.includes(expected), `expected "${expected}" in: ${output || 'nothing: it was accepted'}`);
        assert.ok(output.includes(path.replace(/\[.*/, '')), `expected "${path}" in: ${output}`);
      });
    }

    it('a field that does not exist', async () => {
      const output = (await refused(policy({ witnesses: { type: 'Rekor' } }))) ?? '';
      assert.match(output, /unknown field "spec\.witnesses"/);
    });
  });

  describe('accepts', () => {
    for (const { name, manifest } of acceptedManifests) {
      it(name, async () => {
        assert.equal(await refused(manifest), undefined);
      });
    }

    for (const { kind, example } of pages) {
      it(`the example of ${kind} in the documentation`, async () => {
        const manifest: unknown = parse(example.replace(/\n  namespace: .*/, ''));
        assert.equal(await refused(manifest), undefined);
      });
    }
  });

  it('writes no default into the spec: defaults are shown in status', async () => {
    const created = await api.objects.create(asManifest(policy({})), { isDryRun: true });
    assert.deepEqual(created?.['spec'], policy({})['spec']);
  });
});

/** A refusal with the values that Kubernetes 1.31 writes as Go prints them, `map[string]interface {}{"a":"b", "c":"d"}`, as JSON. */
function asJson(refusal: string): string {
  return refusal.replaceAll(/map\[string\]interface \{\}(\{[^{}]*\})/g, (_, map: string) =>
    map.replaceAll('", "', '","'),
  );
}
