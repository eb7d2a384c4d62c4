// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { manifests } from '../chart/helm.ts';
import { checkout } from '../harness/installation.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { Testbed } from '../testbed/testbed.ts';
import { demoRegistry } from './demo-registry.ts';

const TIMEOUT_SECONDS = 600;

function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(own), ...extra };
}

describe('npm run demo', () => {
  it('signs, stores and verifies on this machine alone, and says so', async () => {
    const { stdout } = await runCommand(process.execPath, ['e2e/demo.ts'], {
      cwd: checkout,
      env: environment(),
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    assert.match(stdout, /bake-1-\w{10}\s+bake-1\s+TaskRun\s+builds\s+1\s+True\s+2\/2\s+0\s+Stored/);
    assert.match(stdout, /bakery-1-\w{10}\s+bakery-1\s+PipelineRun\s+builds\s+1\s+True\s+2\/2\s+0\s+Stored/);
    assert.match(stdout, /The signatures were verified against the specified public key/);
    assert.match(stdout, /no matching signatures, no matching attestations/);
    assert.match(stdout, /Done in \d+ s/);
  });

  it("does the same on a user's cluster where no Hallmark is installed, and removes what it made, but no CRD that was there", async () => {
    const nodeAgent = { images: {}, tekton: { execute: true } };
    const testbed = await Testbed.start({
      label: 'user-cluster',
      tekton: true,
      cosign: true,
      registries: [{ referrers: true }],
      nodeAgent,
    });
    try {
      const crd = join(checkout, 'crds', 'signingpolicies.yaml');
      await testbed.plane.kubectl(['create', '-f', crd]);
      const kubeconfig: unknown = parse(readFileSync(testbed.plane.kubeconfigPath, 'utf8'));
      const context = contextOf(kubeconfig);
      const args = ['e2e/demo.ts', '--context', context, '--registry', `http://${testbed.registry().host}`];
      const env = environment({
        KUBECONFIG: testbed.plane.kubeconfigPath,
        PATH: `${dirname(await ensureBinary('kubectl'))}:${process.env['PATH'] ?? ''}`,
      });
      const demo = () => runCommand(process.execPath, args, { cwd: checkout, env, timeoutSeconds: TIMEOUT_SECONDS });
      const guard = (await manifests()).filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
      const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: guard });
      await testbed.plane.kubectl(['create', '-f', '-'], { stdin });
      await assert.rejects(demo(), {
        exitCode: 1,
        stderr: /^\nThe demo failed: Hallmark is installed in the cluster of context .*-records lets only its operator/,
      });
      await testbed.plane.kubectl(['delete', '-f', '-'], { stdin });
      const { stdout } = await demo();
      assert.match(stdout, /demo-\w{10}\s+demo\s+TaskRun\s+demo\s+1\s+True\s+2\/2\s+0\s+Stored/);
      assert.match(stdout, /signingpolicies\.hallmark\.dev is there already and stays/);
      const left = await testbed.plane.kubectl(['get', 'crds,namespaces', '-o', 'name']);
      assert.match(left.stdout, /signingpolicies\.hallmark\.dev/);
      assert.doesNotMatch(left.stdout, /provenancerecords\.hallmark\.dev|hallmark-demo/);
    } finally {
      await testbed.stop();
    }
  });

  it('says how it is used when half of its flags are given', async () => {
    const run = runCommand(process.execPath, ['e2e/demo.ts', '--context', 'x'], { cwd: checkout, env: environment() });
    await assert.rejects(run, { exitCode: 2, stderr: /usage: npm run demo/ });
  });
});

describe('demoRegistry', () => {
  it('reads host, path and plainness', () => {
    const { address, repository, isPlain } = demoRegistry('http://127.0.0.1:5000/team/', {});
    assert.deepEqual([address.host, repository, isPlain], ['127.0.0.1:5000', 'team/hallmark-demo', true]);
  });

  for (const text of [
    'registry.example',
    'ftp://registry.example',
    'https://user:secret@registry.example',
    'https://registry.example?x=1',
  ]) {
    it(`refuses ${text}`, () => {
      assert.throws(() => demoRegistry(text, {}), /--registry must be/);
    });
  }
});

function contextOf(kubeconfig: unknown): string {
  if (typeof kubeconfig === 'object' && kubeconfig !== null && 'current-context' in kubeconfig)
    return String(kubeconfig['current-context']);
  throw new Error('the kubeconfig names no current context');
}
