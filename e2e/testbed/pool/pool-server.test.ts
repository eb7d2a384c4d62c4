// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { untilEstablished } from '../control-plane/until-established.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { Tekton } from '../tekton/tekton.ts';
import { installLayer } from './install-layer.ts';
import type { PlaneLayer } from './plane-layer.ts';
import { PoolServer } from './pool-server.ts';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'cakes.example.dev' },
  spec: {
    group: 'example.dev',
    scope: 'Namespaced',
    names: { kind: 'Cake', plural: 'cakes' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } };
const leftover = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'left', namespace: 'team-a' } };

function listOf(...items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** A test file's process that borrows a control plane, says its URL, and stays. */
const borrower = `
  import { ControlPlane } from ${JSON.stringify(fileURLToPath(new URL('../control-plane/control-plane.ts', import.meta.url)))};
  import { Supervisor } from ${JSON.stringify(fileURLToPath(new URL('../processes/supervisor.ts', import.meta.url)))};
  const plane = await ControlPlane.start(new Supervisor('borrower'));
  console.log(plane.url);
  setInterval(() => undefined, 1000);
`;

describe('the pool of control planes', () => {
  const outer = process.env.HALLMARK_TESTBED_POOL;
  let pool: PoolServer;

  before(async () => {
    pool = await PoolServer.start();
    process.env.HALLMARK_TESTBED_POOL = pool.path;
  });
  after(async () => {
    if (outer === undefined) delete process.env.HALLMARK_TESTBED_POOL;
    else process.env.HALLMARK_TESTBED_POOL = outer;
    await pool.stop();
  });

  /** Borrows a control plane, works on it, and gives it back. */
  async function borrow<T>(
    work: (plane: ControlPlane, supervisor: Supervisor) => Promise<T>,
    layers: readonly PlaneLayer[] = [],
  ): Promise<T> {
    const supervisor = new Supervisor('pool-test');
    try {
      return await work(await ControlPlane.start(supervisor, { layers }), supervisor);
    } finally {
      await supervisor.stop();
    }
  }

  async function objects(plane: ControlPlane): Promise<string> {
    const kinds = 'namespaces,crds,clusterroles,serviceaccounts,configmaps,mutatingwebhookconfigurations';
    const columns = 'NS:.metadata.namespace,KIND:.kind,NAME:.metadata.name,LABELS:.metadata.labels';
    return (await plane.kubectl(['get', kinds, '-A', '-o', `custom-columns=${columns}`])).stdout;
  }

  it('lends one after the other the same control plane, as it was at first', async () => {
    const [url, before] = await borrow(async (plane) => {
      const found = await objects(plane);
      await plane.kubectl(['create', '-f', '-'], { stdin: listOf(namespace, leftover, definition) });
      await untilEstablished((args) => plane.kubectl(args), ['crd/cakes.example.dev']);
      const cake = {
        apiVersion: 'example.dev/v1',
        kind: 'Cake',
        metadata: { name: 'c', finalizers: ['example.dev/c'] },
      };
      await plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(cake) });
      await plane.kubectl(['delete', 'clusterrole', 'view']);
      await plane.kubectl(['label', 'namespace', 'default', 'changed=yes']);
      return [plane.url, found];
    });
    await borrow(async (plane) => {
      assert.equal(plane.url, url);
      assert.equal(await objects(plane), before);
      await assert.rejects(plane.kubectl(['get', 'cakes']), { stderr: /doesn't have a resource type|could not find/ });
      // The same names can be made anew, and hold nothing of before.
      await plane.kubectl(['create', '-f', '-'], { stdin: listOf(namespace, definition) });
      await untilEstablished((args) => plane.kubectl(args), ['crd/cakes.example.dev']);
      await waitUntil('the kind is served', async () => (await plane.kubectl(['get', 'cakes', '-A'])).stdout === '');
      const left = await plane.kubectl(['get', 'configmap', 'left', '-n', 'team-a', '--ignore-not-found']);
      assert.equal(left.stdout, '');
      await waitUntil('pods can be made', async () =>
        plane.kubectl(['get', 'serviceaccount', 'default', '-n', 'team-a']),
      );
    });
    assert.deepEqual(pool.counts, { started: 1, lent: 2 });
  });

  it('adds Tekton and kinds for who wants them, and takes them away again', async () => {
    const run = {
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata: { name: 'run' },
      spec: { taskSpec: { steps: [{ name: 's', image: 'oven', command: ['true'] }] } },
    };
    const policy = {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { name: 'left', namespace: 'default' },
      spec: { signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } } },
    };
    const useTekton = async (plane: ControlPlane): Promise<void> => {
      assert.ok(plane.access.layers.includes('tekton'));
      await plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(run) });
      const pod = async (): Promise<string> => (await plane.kubectl(['get', 'pod', 'run-pod', '-o', 'name'])).stdout;
      assert.equal(await waitUntil('Tekton made the pod', pod), 'pod/run-pod\n');
      // The next borrower has it back.
      await plane.kubectl(['delete', 'mutatingwebhookconfiguration', 'webhook.pipeline.tekton.dev']);
    };
    const policies = async (plane: ControlPlane): Promise<string> =>
      (await plane.kubectl(['get', 'signingpolicies', '-A', '-o', 'name'])).stdout;
    await borrow(useTekton, ['tekton']);
    await borrow(
      async (plane) => {
        assert.equal(await policies(plane), '');
        await plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(policy) });
        await useTekton(plane);
        // The next borrower has the kind back, but not the policy.
        await plane.kubectl(['delete', 'crd', 'signingpolicies.hallmark.dev']);
      },
      ['tekton', 'hallmark-kinds'],
    );
    await borrow(
      async (plane) => {
        assert.ok(await plane.isServing('hallmark.dev/v1alpha1', 'signingpolicies'));
        await waitUntil('kubectl finds the kind', async () => (await policies(plane)) === '');
        await useTekton(plane);
      },
      ['tekton', 'hallmark-kinds'],
    );
    await borrow(
      async (plane) => {
        await assert.rejects(policies(plane), { stderr: /doesn't have a resource type/ });
        await useTekton(plane);
      },
      ['tekton'],
    );
    await borrow(async (plane, supervisor) => {
      assert.deepEqual(plane.access.layers, []);
      await assert.rejects(plane.kubectl(['get', 'taskruns']), { stderr: /doesn't have a resource type/ });
      await Tekton.start(plane, supervisor);
    });
    assert.equal(pool.counts.started, 1);
  });

  for (const [layer, plural, group, version] of [
    ['hallmark-kinds', 'storagebackends', 'hallmark.dev', 'v1alpha1'],
    ['tekton-kinds', 'pipelineruns', 'tekton.dev', 'v1'],
  ] as const) {
    it(`waits for each kind of ${layer} that was put back`, async () => {
      await borrow(async (plane, supervisor) => {
        const installed = await installLayer(layer, plane, supervisor);
        await installed.untilServing();
        const crd = `${plural}.${group}`;
        const isThere = (): Promise<boolean> => plane.isServing(`${group}/${version}`, plural);
        const definition = (await plane.kubectl(['get', 'crd', crd, '-o', 'json'])).stdout;
        await plane.kubectl(['delete', 'crd', crd]);
        await waitUntil('the kind is gone', async () => !(await isThere()));
        let isServing = false;
        const serving = installed.untilServing().then(() => (isServing = true));
        await plane.kubectl(['get', 'namespaces']);
        assert.equal(isServing, false);
        await plane.kubectl(['create', '-f', '-'], { stdin: definition });
        await serving;
        assert.ok(await isThere());
      });
    });
  }

  it('never lends what a process had that died', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', borrower], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = once(createInterface({ input: child.stdout }), 'line');
    const [url] = await line.then((words: unknown[]) => words);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await borrow(async (plane) => {
      assert.notEqual(plane.url, url);
      await plane.kubectl(['get', 'namespaces']);
    });
    assert.equal(pool.counts.started, 2);
  });

  it('refuses to restart the API server of what is lent', async () => {
    await borrow(async (plane) => {
      await assert.rejects(plane.restartApiServer(), /start it with \{own: true\}/);
    });
  });

  it('ends a test file with the suite that lent to it', async () => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, ['--input-type=module', '-e', borrower], { stdio: [...stdio] });
    await once(createInterface({ input: child.stdout }), 'line');
    const exit = once(child, 'exit');
    await pool.stop();
    assert.deepEqual(await exit, [null, 'SIGTERM']);
  });

  it('leaves a test to start its own when the pool is gone', async () => {
    assert.ok(!existsSync(pool.path));
    await borrow(async (plane) => {
      assert.equal(await plane.isReady(), true);
    });
  });
});
