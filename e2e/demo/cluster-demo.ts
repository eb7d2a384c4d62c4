// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSigningKey } from '../harness/signing-key.ts';
import { untilEstablished } from '../testbed/control-plane/until-established.ts';
import { Cosign } from '../testbed/cosign/cosign.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { pushImage } from '../testbed/registry/push-image.ts';
import { demoManifests } from './demo-manifests.ts';
import { demoRegistry, type DemoRegistry } from './demo-registry.ts';
import { Narrator } from './narrator.ts';
import { UserCluster } from './user-cluster.ts';

const STEPS = 6;
const READY_SECONDS = 180;
const crds = join(import.meta.dirname, '..', '..', 'crds');
const kinds = [
  'signingpolicies',
  'clustersigningpolicies',
  'storagebackends',
  'clusterstoragebackends',
  'policyceilings',
  'provenancerecords',
];

export interface ClusterDemoOptions {
  /** A context of the user's kubeconfig. */
  readonly context: string;
  /** `https://registry.example/project`. */
  readonly registry: string;
}

/**
 * The main job on a cluster of the user's, with the operator as a local process that watches one namespace. Everything is made
 * under names of its own and removed at the end; CRDs that were there stay.
 */
export async function clusterDemo(options: ClusterDemoOptions): Promise<void> {
  const narrator = new Narrator(STEPS);
  const registry = demoRegistry(options.registry, process.env);
  const cluster = new UserCluster(options.context);
  narrator.step(`looking at the cluster of context ${options.context}`);
  await cluster.requireTekton();
  await cluster.requireNoHallmark();
  const supervisor = new Supervisor('cluster-demo');
  const work = mkdtempSync(join(tmpdir(), 'hallmark-demo-'));
  const namespace = `hallmark-demo-${randomBytes(4).toString('hex')}`;
  const undo: (() => Promise<unknown>)[] = [];
  try {
    await prepare(cluster, namespace, undo, narrator);
    await show({ cluster, namespace, registry, supervisor, work }, narrator);
  } finally {
    narrator.step('removing what the demo made');
    await supervisor.stop();
    for (const step of undo.reverse())
      await step().catch((error: unknown) => {
        narrator.say(String(error));
      });
    rmSync(work, { recursive: true, force: true });
  }
}

async function prepare(
  cluster: UserCluster,
  namespace: string,
  undo: (() => Promise<unknown>)[],
  narrator: Narrator,
): Promise<void> {
  narrator.step(`CRDs that are missing, and namespace ${namespace}`);
  for (const plural of kinds) {
    const name = `${plural}.hallmark.dev`;
    if (await cluster.exists('customresourcedefinition', name)) {
      narrator.say(`${name} is there already and stays`);
      continue;
    }
    await cluster.kubectl(['create', '-f', join(crds, `${plural}.yaml`)]);
    undo.push(() => cluster.kubectl(['delete', 'customresourcedefinition', name, '--ignore-not-found']));
    await untilEstablished((args) => cluster.kubectl(args), [`customresourcedefinition/${name}`]);
  }
  await cluster.kubectl(['create', 'namespace', namespace]);
  undo.push(() => cluster.kubectl(['delete', 'namespace', namespace, '--timeout=120s']));
}

interface Stage {
  readonly cluster: UserCluster;
  readonly namespace: string;
  readonly registry: DemoRegistry;
  readonly supervisor: Supervisor;
  readonly work: string;
}

async function show(stage: Stage, narrator: Narrator): Promise<void> {
  const { cluster, namespace, registry, supervisor, work } = stage;
  narrator.step('the operator as a local process, and a policy with its key and backends');
  const config = join(work, 'config.yaml');
  writeFileSync(config, JSON.stringify(operatorConfiguration(namespace, registry)));
  const operator = supervisor.start({
    name: 'operator',
    command: process.execPath,
    args: ['src/main.ts', '--config', config],
    cwd: join(import.meta.dirname, '..', '..'),
    env: { KUBECONFIG: cluster.writeKubeconfig(work), POD_NAME: 'hallmark-demo' },
    graceSeconds: 30,
  });
  const key = newSigningKey();
  const image = await pushImage(registry.address, registry.repository);
  const manifests = demoManifests({ namespace, registry, privateKey: key.privateKey, image });
  await cluster.apply(manifests.setUp);
  const isWorking = (): boolean => readFileSync(operator.logPath, 'utf8').includes('"message":"working"');
  await operator.untilReady(isWorking, { timeoutSeconds: READY_SECONDS });
  await cluster.wait(namespace, 'signingpolicy/demo', 'condition=Ready', READY_SECONDS);

  narrator.step('a Tekton TaskRun, and the record of it');
  await cluster.apply(manifests.runs);
  await cluster.wait(namespace, 'taskrun/demo', 'condition=Succeeded', READY_SECONDS);
  await cluster.wait(namespace, 'provenancerecords', 'condition=Ready', READY_SECONDS);
  const records = await cluster.kubectl(['get', 'provenancerecords', '-n', namespace]);
  narrator.command(`kubectl -n ${namespace} get provenancerecords`, records);

  narrator.step("cosign verifies the image with the policy's key");
  const publicKey = join(work, 'demo.pub');
  writeFileSync(publicKey, key.publicKey);
  const cosign = await Cosign.prepare(supervisor);
  if (registry.address.credentials !== undefined)
    cosign.login({ host: registry.address.host, credentials: registry.address.credentials });
  for (const args of [['verify'], ['verify-attestation', '--type', 'slsaprovenance1']]) {
    const { stderr } = await cosign.run([...args, '--key', publicKey, '--insecure-ignore-tlog=true', image.reference]);
    narrator.command(`cosign ${args.join(' ')} --key demo.pub ${image.reference}`, stderr);
  }
}

function operatorConfiguration(namespace: string, { address }: DemoRegistry): object {
  return {
    apiVersion: 'config.hallmark.dev/v1alpha1',
    kind: 'OperatorConfiguration',
    operatorNamespace: namespace,
    watchNamespaces: [namespace],
    http: { host: '127.0.0.1', port: 0, metricsPort: 0 },
    outbound: { allow: [address.host] },
  };
}
