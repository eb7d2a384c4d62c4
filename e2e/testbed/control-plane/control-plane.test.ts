// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ensureBinaries, ensureBinary } from '../binaries/ensure-binary.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { ControlPlane } from './control-plane.ts';

describe('the control plane of the testbed', () => {
  const supervisor = new Supervisor('control-plane-test');
  let plane: ControlPlane;

  before(async () => {
    await ensureBinaries(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']);
    plane = await ControlPlane.start(supervisor, { own: true });
  });
  after(() => supervisor.stop());

  it('says the version that clients expect', async () => {
    const { stdout } = await plane.kubectl(['version', '-o', 'json']);
    for (const side of ['server', 'client'])
      assert.match(stdout, new RegExp(`"${side}Version": \\{[^}]*"gitVersion": "v1\\.36\\.3"`, 's'));
  });

  it('collects what a deleted owner leaves behind', async () => {
    const deployment = JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } },
      },
    });
    const pods = async (): Promise<string> =>
      (await plane.kubectl(['get', 'pods', '-l', 'app=web', '-o', 'name'])).stdout;
    await plane.kubectl(['create', '-f', '-'], { stdin: deployment });
    await waitUntil('the Deployment has a pod', async () => (await pods()) !== '');
    await plane.kubectl(['delete', 'deployment', 'web', '--wait=false']);
    await waitUntil('the pod is gone', async () => (await pods()) === '');
  });

  it('gives a ServiceAccount its rights and no more', async () => {
    await plane.kubectl(['create', 'rolebinding', 'reads', '--clusterrole=view', '--serviceaccount=default:default']);
    const kubeconfig = await plane.kubeconfigFor('default', 'default');
    await plane.kubectl(['get', 'configmaps'], { kubeconfig });
    await assert.rejects(plane.kubectl(['get', 'secrets'], { kubeconfig }), {
      name: 'CommandFailed',
      stderr: /forbidden/,
    });
  });

  it('enforces a ValidatingAdmissionPolicy', async () => {
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-red' },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        },
        validations: [{ expression: "object.metadata.name != 'red'", message: 'red is not allowed' }],
      },
    };
    const binding = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-red' },
      spec: { policyName: 'no-red', validationActions: ['Deny'] },
    };
    for (const manifest of [policy, binding])
      await plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(manifest) });
    await waitUntil('the policy is in force', async () => {
      const outcome = await plane.kubectl(['create', 'configmap', 'red', '--dry-run=server']).catch(String);
      return typeof outcome === 'string' && outcome.includes('red is not allowed');
    });
  });

  it('serves the discovery document of the issuer of its tokens', async () => {
    const { stdout } = await plane.kubectl(['get', '--raw', '/.well-known/openid-configuration']);
    const document: unknown = JSON.parse(stdout);
    assert.partialDeepStrictEqual(document, { issuer: plane.url, jwks_uri: `${plane.url}/openid/v1/jwks` });
  });

  it('comes back on the same port with the same data after its API server was killed', async () => {
    await plane.kubectl(['create', 'configmap', 'kept']);
    const { url } = plane;
    await plane.restartApiServer({
      whileDown: async () => {
        await assert.rejects(plane.isReady(), { code: 'ECONNREFUSED' });
      },
    });
    assert.equal(plane.url, url);
    await plane.kubectl(['get', 'configmap', 'kept']);
    await plane.kubectl(['create', 'namespace', 'after-restart']);
    // The controller manager came through it, too.
    await waitUntil('a new namespace gets its ServiceAccount', async () => {
      const { stdout } = await plane.kubectl(['get', 'serviceaccounts', '-n', 'after-restart', '-o', 'name']);
      return stdout.includes('serviceaccount/default');
    });
  });

  it('can be watched through a proxy that cuts the watch', async () => {
    const proxy = await plane.cutProxy();
    const kubeconfig = plane.kubeconfigVia(proxy);
    const watch = supervisor.start({
      name: 'watch',
      command: await ensureBinary('kubectl'),
      args: ['get', 'configmaps', '--watch', '-o', 'name'],
      env: { KUBECONFIG: kubeconfig },
    });
    // kubectl lists before it watches: only what is created after the list shows that the watch is open.
    await watch.untilReady(() => watch.logTail().includes('configmap/kube-root-ca.crt'));
    await plane.kubectl(['create', 'configmap', 'watched']);
    await watch.untilReady(() => watch.logTail().includes('configmap/watched'));
    proxy.cut();
    await watch.exited;
    proxy.refuse();
    await assert.rejects(plane.kubectl(['get', 'configmaps'], { kubeconfig }), { name: 'CommandFailed' });
    proxy.accept();
    await plane.kubectl(['get', 'configmaps'], { kubeconfig });
    await proxy.stop();
  });
});
