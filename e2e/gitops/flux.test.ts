// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { untilEstablished } from '../testbed/control-plane/until-established.ts';
import { fluxKinds } from '../testbed/flux/flux-kinds.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { checkFlux, shipped } from './judges.ts';

const files: Readonly<Record<string, readonly string[]>> = {
  'hallmark.yaml': ['GitRepository', 'HelmRelease'],
  'platform.yaml': ['Kustomization', 'Kustomization'],
  'team.yaml': ['Kustomization'],
};
const manifestsOf = (file: string): readonly Manifest[] =>
  parseAllDocuments(shipped('flux', file)).map((document) => asManifest(document.toJS()));

describe('the manifests for Flux', () => {
  for (const [file, expectedKinds] of Object.entries(files)) {
    it(`${file} has no field that Flux does not know`, async () => {
      assert.deepEqual(await checkFlux(manifestsOf(file)), expectedKinds);
    });
  }

  it('would be refused with a field that Flux does not know', async () => {
    const kustomization = {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      spec: { waits: true },
    };
    await assert.rejects(checkFlux([kustomization]), /unknown field "waits"/);
  });
});

describe('the manifests for Flux, at an API server with its definitions', () => {
  const supervisor = new Supervisor('flux-kinds');
  let plane: ControlPlane;
  before(async () => {
    plane = await ControlPlane.start(supervisor);
    await plane.kubectl(['apply', '--server-side', '-f', '-'], { stdin: await fluxKinds() });
    await untilEstablished((args) => plane.kubectl(args), ['crd', '--all']);
    for (const namespace of ['flux-system', 'team-a']) await plane.kubectl(['create', 'namespace', namespace]);
  });
  after(() => supervisor.stop());

  // The module with the definition of HelmRelease cannot be had.
  const defined = Object.keys(files)
    .flatMap(manifestsOf)
    .filter(({ kind }) => kind !== 'HelmRelease');
  const apply = (object: Manifest) =>
    plane.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], {
      stdin: JSON.stringify(object),
    });

  for (const object of defined) {
    it(`are taken: ${String(object['kind'])} ${String(at(object, 'metadata', 'name'))}`, async () => {
      const { stdout, stderr } = await apply(object);
      assert.match(stdout, /serverside-applied/);
      assert.equal(stderr, '');
    });
  }

  it('would be refused without the source, and with an interval that is none', async () => {
    const kustomization = asManifest(manifestsOf('team.yaml')[0]);
    const { sourceRef, ...spec } = asManifest(kustomization['spec']);
    await assert.rejects(apply({ ...kustomization, spec }), /spec\.sourceRef: Required value/);
    await assert.rejects(
      apply({ ...kustomization, spec: { ...spec, sourceRef, interval: 'often' } }),
      /spec\.interval/,
    );
  });
});
