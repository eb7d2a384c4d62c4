// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { resultsAnnotation } from './node-agent/tekton-behaviour.ts';
import { Testbed } from './testbed.ts';

const auth = { username: 'builder', password: 'planted-secret' };

describe('the testbed', () => {
  let testbed: Testbed;

  before(async () => {
    const registries = [{ referrers: true }, { referrers: false, auth }];
    const nodeAgent = { images: {} };
    testbed = await Testbed.start({
      label: 'testbed-test',
      tekton: true,
      cosign: true,
      helm: true,
      registries,
      nodeAgent,
    });
  });
  after(() => testbed.stop());

  it('lets real Tekton default a PipelineRun and write the results of its pod', async () => {
    const { plane } = testbed;
    await plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(pipelineRun('built')) });
    await plane.kubectl(['wait', 'pipelinerun/built', '--for=condition=Succeeded', '--timeout=60s']);
    const { stdout } = await plane.kubectl(['get', 'taskrun', 'built-bake', '-o', 'json']);
    const taskRun: unknown = JSON.parse(stdout);
    assert.partialDeepStrictEqual(taskRun, {
      spec: { serviceAccountName: 'default', timeout: '1h0m0s' },
      status: { results: [{ name: 'IMAGE_URL', type: 'string', value: 'registry.example/bread' }] },
    });
  });

  it('lets the real webhook refuse an invalid run', async () => {
    const invalid = { ...pipelineRun('invalid'), spec: {} };
    await assert.rejects(testbed.plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(invalid) }), {
      stderr: /admission webhook "validation\.webhook\.pipeline\.tekton\.dev" denied the request/,
    });
  });

  for (const [index, title] of ['with the referrers API', 'without it and with a password'].entries()) {
    it(`lets real cosign sign and verify in a registry ${title}, offline`, async () => {
      const registry = testbed.registry(index);
      const { cosign } = testbed;
      cosign.login(registry);
      const { reference } = await registry.pushImage('team/app');
      const key = await cosign.generateKeyPair(`team-${index}`);
      const other = await cosign.generateKeyPair(`other-${index}`);
      await cosign.run([
        'sign',
        '--key',
        key.privateKey,
        '--use-signing-config=false',
        '--tlog-upload=false',
        reference,
      ]);
      await cosign.run(['verify', '--key', key.publicKey, '--insecure-ignore-tlog=true', reference]);
      await assert.rejects(cosign.run(['verify', '--key', other.publicKey, '--insecure-ignore-tlog=true', reference]));
    });
  }

  it('lets real helm install and uninstall a chart', async () => {
    const chart = testbed.supervisor.dataDirectory('chart');
    writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: tiny\nversion: 0.1.0\n');
    const templates = testbed.supervisor.dataDirectory('chart/templates');
    writeFileSync(join(templates, 'map.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tiny}\n');
    await testbed.helm(['install', 'tiny', chart]);
    await testbed.plane.kubectl(['get', 'configmap', 'tiny']);
    await testbed.helm(['uninstall', 'tiny', '--wait']);
    await assert.rejects(testbed.plane.kubectl(['get', 'configmap', 'tiny']), { stderr: /NotFound/ });
  });
});

function pipelineRun(name: string): object {
  const steps = [{ name: 'bake', image: 'oven', command: ['bake'] }];
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name, annotations: { [resultsAnnotation]: '{"IMAGE_URL":"registry.example/bread"}' } },
    spec: { pipelineSpec: { tasks: [{ name: 'bake', taskSpec: { results: [{ name: 'IMAGE_URL' }], steps } }] } },
  };
}
