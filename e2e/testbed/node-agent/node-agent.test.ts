// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { field, listField, stringField } from '../../../src/json/fields.ts';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { ApiClient } from './api-client.ts';
import { webDeployment, type WebDeployment } from './fixtures/web-deployment.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { startNodeAgent, type NodeAgent } from './node-agent.ts';
import { parsePod } from './pod.ts';
import type { ContainerReport, PodReport } from './pod-worker.ts';
import { keepTokens } from './service-account.ts';

/** Where the objects of a kind are created. */
const collections: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/default/configmaps',
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
  Pod: '/api/v1/namespaces/default/pods',
  Secret: '/api/v1/namespaces/default/secrets',
  Service: '/api/v1/namespaces/default/services',
  ServiceAccount: '/api/v1/namespaces/default/serviceaccounts',
};

const server = fileURLToPath(new URL('./fixtures/probe-server.ts', import.meta.url));

describe('node agent', () => {
  const supervisor = new Supervisor('node-agent-test');
  let plane: ControlPlane;
  let agent: NodeAgent;
  let client: ApiClient;

  before(async () => {
    plane = await ControlPlane.start(supervisor, { own: true });
    client = new ApiClient(readKubeconfig(plane.kubeconfigPath));
    agent = await startNodeAgent({
      kubeconfigPath: plane.kubeconfigPath,
      images: {
        'registry.invalid/probe-server': { command: [process.execPath, server] },
        'registry.invalid/shell': { command: [], withContainerCommand: true },
      },
    });
  });

  after(async () => {
    await agent.stop();
    client.close();
    await supervisor.stop();
  });

  /** Asked for here and below without kubectl, whose processes cost more than all that the agent does. */
  const create = (object: object): Promise<unknown> => {
    const path = collections[stringField(object, 'kind') ?? ''] ?? assert.fail('a kind without a path');
    return client.call({ method: 'POST', path, body: object });
  };
  const get = async (what: string, path: string): Promise<string> =>
    (await plane.kubectl(['get', ...what.split(' '), '-o', `jsonpath=${path}`])).stdout;
  const podsOf = (name: string): readonly PodReport[] => agent.pods().filter((pod) => pod.name.startsWith(`${name}-`));
  const onlyPod = (name: string): PodReport => {
    const [pod, ...others] = podsOf(name);
    assert.ok(pod !== undefined && others.length === 0, `not one pod of ${name}`);
    return pod;
  };
  const web = (name: string): ContainerReport & { pid: number } => {
    const [container] = onlyPod(name).containers;
    assert.ok(container?.pid !== undefined, `nothing of ${name} runs`);
    return { ...container, pid: container.pid };
  };
  const ask = async (name: string, path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${web(name).ports[8080] ?? 0}${path}`)).text();
  const rollout = async (deployment: WebDeployment): Promise<void> => {
    await create(webDeployment(deployment));
    await plane.kubectl(['rollout', 'status', `deployment/${deployment.name}`, '--timeout=100s']);
  };
  /** The container of the first pod of a Deployment, as the API server has it. */
  const reported = async (name: string): Promise<unknown> => {
    const path = `/api/v1/namespaces/default/pods?labelSelector=app%3D${name}`;
    const [pod] = listField(await client.insist({ method: 'GET', path }), 'items');
    return listField(field(pod, 'status'), 'containerStatuses')[0];
  };
  const restarts = async (name: string): Promise<unknown> => field(await reported(name), 'restartCount');
  const waits = async (name: string): Promise<unknown> => field(field(await reported(name), 'state'), 'waiting');
  const lastEnd = async (name: string): Promise<unknown> =>
    field(field(await reported(name), 'lastState'), 'terminated');

  it('registers a node that is ready', async () => {
    await plane.kubectl(['wait', '--for=condition=Ready', 'node/testbed', '--timeout=100s']);
    const lease = await get('lease testbed -n kube-node-lease', '{.spec.holderIdentity}');
    assert.equal(lease, 'testbed');
  });

  it('recreates its node after a deletion', async () => {
    await plane.kubectl(['delete', 'node', 'testbed']);
    await waitUntil('the node is back', async () => {
      const nodes = listField(await client.call({ method: 'GET', path: '/api/v1/nodes' }), 'items');
      return nodes.some((node) => stringField(field(node, 'metadata'), 'name') === 'testbed');
    });
    await plane.kubectl(['wait', '--for=condition=Ready', 'node/testbed', '--timeout=100s']);
  });

  it('makes a Deployment available, each replica on ports of its own, and ends its processes when it is scaled down', async () => {
    await rollout({ name: 'scaled', replicas: 2 });
    const containers = podsOf('scaled').flatMap((pod) => pod.containers);
    assert.equal(new Set(containers.map(({ ports }) => ports[8080])).size, 2);
    const pids = containers.map(({ pid }) => pid ?? 0);
    assert.deepEqual(
      pids.map((pid) => isRunning(pid)),
      [true, true],
    );
    await plane.kubectl(['scale', 'deployment/scaled', '--replicas=0']);
    await plane.kubectl(['wait', '--for=delete', 'pod', '-l', 'app=scaled', '--timeout=100s']);
    assert.deepEqual(
      pids.map((pid) => isRunning(pid)),
      [false, false],
    );
    assert.match(agent.logs('default', 'scaled-'), /listening as scaled-.*\nending\n/);
  });

  it('gives a container its variables, arguments and volumes', async () => {
    await create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { 'app.yaml': 'a: 1', KEY: 'value' } }); // prettier-ignore
    await create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sealed' }, stringData: { password: 'open sesame' } }); // prettier-ignore
    await rollout({
      name: 'furnished',
      container: {
        args: ['--config=/etc/app/app.yaml', '--name=$(POD_NAME)', '--literal=$$(POD_NAME)'],
        envFrom: [{ prefix: 'FROM_', configMapRef: { name: 'settings' } }],
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
          { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'sealed', key: 'password' } } },
          { name: 'GREETING', value: 'I am $(POD_NAME)' },
          { name: 'CONFIG', value: '/etc/app/app.yaml' },
          { name: 'PASSWORD_FILE', value: '/etc/secret/renamed' },
          { name: 'LABEL_FILE', value: '/etc/labels/app' },
        ],
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/app' },
          { name: 'sealed', mountPath: '/etc/secret' },
          { name: 'labels', mountPath: '/etc/labels' },
          { name: 'scratch', mountPath: '/tmp' },
        ],
      },
      pod: {
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'sealed', secret: { secretName: 'sealed', items: [{ key: 'password', path: 'renamed' }] } },
          {
            name: 'labels',
            downwardAPI: { items: [{ path: 'app', fieldRef: { fieldPath: "metadata.labels['app']" } }] },
          },
          { name: 'scratch', emptyDir: {} },
        ],
      },
    });
    const { name } = onlyPod('furnished');
    const env = new Map(Object.entries(parseRecord(await ask('furnished', '/env'))));
    assert.equal(env.get('POD_NAMESPACE'), 'default');
    assert.equal(env.get('POD_IP'), '127.0.0.1');
    assert.equal(env.get('PASSWORD'), 'open sesame');
    assert.equal(env.get('GREETING'), `I am ${name}`);
    assert.equal(env.get('FROM_KEY'), 'value');
    assert.equal(env.get('HOSTNAME'), name);
    assert.equal(readFileSync(String(env.get('CONFIG')), 'utf8'), 'a: 1');
    assert.equal(readFileSync(String(env.get('PASSWORD_FILE')), 'utf8'), 'open sesame');
    assert.equal(readFileSync(String(env.get('LABEL_FILE')), 'utf8'), 'furnished');
    assert.match(String(env.get('TMPDIR')), /scratch$/);
    assert.deepEqual(JSON.parse(await ask('furnished', '/args')), [
      `--config=${String(env.get('CONFIG'))}`,
      `--name=${name}`,
      '--literal=$(POD_NAME)',
    ]);
  });

  it("gives a container its ServiceAccount's identity, bound to the pod", async () => {
    await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } });
    await rollout({ name: 'identified', pod: { serviceAccountName: 'robot' } });
    const env = parseRecord(await ask('identified', '/env'));
    const kubeconfig = readFileSync(String(env.KUBECONFIG), 'utf8');
    const tokenFile = /"tokenFile": "([^"]+)"/.exec(kubeconfig)?.[1] ?? '';
    const robot = new ApiClient({
      server: new URL(`https://${String(env.KUBERNETES_SERVICE_HOST)}:${String(env.KUBERNETES_SERVICE_PORT)}`),
      certificateAuthority: readFileSync(plane.caFile, 'utf8'),
      skipTLSVerify: false,
      token: readFileSync(tokenFile, 'utf8'),
    });
    const review = await robot.call({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    robot.close();
    const text = JSON.stringify(review);
    assert.match(text, /"username":"system:serviceaccount:default:robot"/);
    assert.ok(text.includes(`"authentication.kubernetes.io/pod-name":["${onlyPod('identified').name}"]`), text);
  });

  it('renews a token before its life ends', async () => {
    await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'renewed' } });
    const gated = { schedulingGates: [{ name: 'test.example/never' }], serviceAccountName: 'renewed' };
    await create(pod('gated', {}, gated));
    const owner = parsePod(await client.call({ method: 'GET', path: '/api/v1/namespaces/default/pods/gated' }));
    const file = join(supervisor.dataDirectory('tokens'), 'token');
    const pauses: number[] = [];
    const end = new AbortController();
    const tokens: string[] = [];
    const wait = async (milliseconds: number): Promise<void> => {
      pauses.push(milliseconds);
      tokens.push(readFileSync(file, 'utf8'));
      if (pauses.length === 3) end.abort();
      end.signal.throwIfAborted();
      await Promise.resolve();
    };
    const request = { client, pod: owner, tokens: [{ file, expirationSeconds: 600 }], signal: end.signal, wait };
    await keepTokens(request, (error) => {
      throw new Error('renewal failed', { cause: error });
    });
    await waitUntil('the token was renewed twice', () => pauses.length === 3);
    assert.equal(new Set(tokens).size, 3);
    for (const milliseconds of pauses)
      assert.ok(milliseconds > 470_000 && milliseconds <= 480_000, String(milliseconds));
  });

  it('starts a container again when its process is killed', async () => {
    await rollout({ name: 'killed' });
    const { pid } = web('killed');
    process.kill(pid, 'SIGKILL');
    await waitUntil('the container was restarted', async () => (await restarts('killed')) === 1);
    await plane.kubectl(['wait', '--for=condition=Ready', 'pod', '-l', 'app=killed', '--timeout=100s']);
    assert.notEqual(web('killed').pid, pid);
    assert.equal(field(await lastEnd('killed'), 'exitCode'), 137);
    agent.kill('default', onlyPod('killed').name);
    await waitUntil('the container was restarted again', async () => (await restarts('killed')) === 2);
  });

  it('starts a container again when its liveness probe fails', async () => {
    await rollout({ name: 'sickly' });
    await ask('sickly', '/sick');
    await waitUntil('the container was restarted', async () => (await restarts('sickly')) === 1);
    const message = field(await lastEnd('sickly'), 'message');
    assert.match(String(message), /failed liveness probe/);
    await plane.kubectl(['rollout', 'status', 'deployment/sickly', '--timeout=100s']);
  });

  it('lets the controllers publish the endpoints of a Service', async () => {
    await rollout({ name: 'served' });
    const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
    await create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'served' },
      spec: { selector: { app: 'served' }, ports },
    });
    const podIP = await get('pods -l app=served', '{.items[0].status.podIP}');
    const path = '{.items[*].endpoints[?(@.conditions.ready==true)].addresses[*]}';
    const slices = 'endpointslices -l kubernetes.io/service-name=served';
    await waitUntil('the endpoint is published', async () => (await get(slices, path)) === podIP);
  });

  it('takes a container out of service while its readiness probe fails', async () => {
    await rollout({ name: 'shy' });
    await ask('shy', '/unready');
    await plane.kubectl(['wait', '--for=condition=Ready=false', 'pod', '-l', 'app=shy', '--timeout=100s']);
    assert.equal(await restarts('shy'), 0);
    assert.equal(onlyPod('shy').ready, false);
  });

  it('replaces a deleted pod after an orderly end', async () => {
    await rollout({ name: 'deleted' });
    const { name } = onlyPod('deleted');
    await plane.kubectl(['delete', 'pod', name, '--timeout=100s']);
    assert.match(agent.logs('default', name), /ending\n$/);
    await plane.kubectl(['rollout', 'status', 'deployment/deleted', '--timeout=100s']);
    assert.notEqual(onlyPod('deleted').name, name);
  });

  it('kills a process that ignores SIGTERM once the grace period is over', async () => {
    const stubborn = { command: ['sh'], args: ['-c', 'trap "" TERM; while :; do sleep 0.1; done'] };
    await create(pod('stubborn', stubborn, { terminationGracePeriodSeconds: 1 }));
    await plane.kubectl(['wait', '--for=condition=Ready', 'pod/stubborn', '--timeout=100s']);
    const pid = agent.pods().find(({ name }) => name === 'stubborn')?.containers[0]?.pid ?? 0;
    assert.equal(isRunning(pid), true);
    await plane.kubectl(['delete', 'pod', 'stubborn', '--timeout=20s']);
    assert.equal(isRunning(pid), false);
  });

  it('runs init containers first, and a pod that is not to be restarted to its end', async () => {
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
    const image = 'registry.invalid/shell';
    const init = { name: 'init', image, command: ['sh'], args: ['-c', 'echo prepared > /shared/file'], volumeMounts };
    const main = { command: ['sh'], args: ['-c', 'cat /shared/file; exit 3'], volumeMounts };
    await create(
      pod('finite', main, {
        restartPolicy: 'Never',
        initContainers: [init],
        volumes: [{ name: 'shared', emptyDir: {} }],
      }),
    );
    await plane.kubectl(['wait', '--for=jsonpath={.status.phase}=Failed', 'pod/finite', '--timeout=100s']);
    assert.equal(await get('pod finite', '{.status.containerStatuses[0].state.terminated.exitCode}'), '3');
    assert.equal(agent.logs('default', 'finite'), 'prepared\n');
  });

  it('lets a container wait for a Secret that does not exist yet, and says so', async () => {
    const volumes = [{ name: 'late', secret: { secretName: 'late' } }];
    await create(webDeployment({ name: 'patient', pod: { volumes } }));
    await waitUntil('the pod says what it waits for', async () =>
      /"late" not found/.test(String(field(await waits('patient'), 'message'))),
    );
    await create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late' } });
    await plane.kubectl(['rollout', 'status', 'deployment/patient', '--timeout=100s']);
  });

  it('says which image it knows no process for', async () => {
    await create(webDeployment({ name: 'foreign', container: { image: 'registry.invalid/other:1' } }));
    await waitUntil('the pod cannot start', async () => field(await waits('foreign'), 'reason') === 'ErrImagePull');
    await plane.kubectl(['delete', 'deployment', 'foreign']);
    await plane.kubectl(['wait', '--for=delete', 'pod', '-l', 'app=foreign', '--timeout=100s']);
  });

  it('goes on after the API server was away, and reports what happened meanwhile', async () => {
    await rollout({ name: 'steady' });
    const { pid } = web('steady');
    await plane.restartApiServer({
      whileDown: async () => {
        process.kill(pid, 'SIGKILL');
        await waitUntil('the container runs again', () => {
          const now = onlyPod('steady').containers[0];
          return now?.pid !== undefined && now.restartCount === 1;
        });
      },
    });
    await waitUntil('the restart is reported', async () => (await restarts('steady')) === 1);
    await plane.kubectl(['scale', 'deployment/steady', '--replicas=2']);
    await plane.kubectl(['rollout', 'status', 'deployment/steady', '--timeout=100s']);
    assert.equal(podsOf('steady').length, 2);
  });
});

describe('node agent as a process', () => {
  it('leaves no process behind when it is killed', async () => {
    const supervisor = new Supervisor('node-agent-orphans');
    try {
      const plane = await ControlPlane.start(supervisor);
      const imagesFile = join(supervisor.dataDirectory('images'), 'images.json');
      await writeFile(
        imagesFile,
        JSON.stringify({ 'registry.invalid/probe-server': { command: [process.execPath, server] } }),
      );
      const logs = supervisor.dataDirectory('pod-logs');
      const main = join(import.meta.dirname, 'main.ts');
      const args = [main, '--kubeconfig', plane.kubeconfigPath, '--images', imagesFile, '--logs', logs];
      const agent = supervisor.start({ name: 'node-agent', command: process.execPath, args });
      await agent.untilReady(() => agent.logTail().includes('ready'));
      await plane.kubectl(['apply', '-f', '-'], {
        stdin: JSON.stringify(webDeployment({ name: 'orphan', container: { args: ['orphan-marker'] } })),
      });
      await plane.kubectl(['rollout', 'status', 'deployment/orphan', '--timeout=100s']);
      const pid = await processOf('orphan-marker');
      process.kill(agent.pid, 'SIGKILL');
      await waitUntil('the container has ended', () => !isRunning(pid));
    } finally {
      await supervisor.stop();
    }
  });
});

function isRunning(pid: number): boolean {
  assert.ok(pid > 1);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function pod(name: string, container: object, spec: object): object {
  const containers = [{ name: 'main', image: 'registry.invalid/shell', ...container }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers, ...spec } };
}

function parseRecord(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  assert.ok(value !== null && typeof value === 'object');
  return { ...value };
}

/** The id of the process with this argument. */
async function processOf(argument: string): Promise<number> {
  return waitUntil(`a process with ${argument} runs`, async () => {
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        if (readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').includes(argument)) return Number(entry);
      } catch {
        // It ended while we looked.
      }
    }
    return undefined;
  });
}
