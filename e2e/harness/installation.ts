// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { listField } from '../../src/json/fields.ts';
import { setArguments } from '../../codegen/chart/value-sets.ts';
import { at, chart, releaseNamespace } from '../chart/helm.ts';
import { shardOf } from '../../src/runtime/shards/shard.ts';
import type { ImageProcess } from '../testbed/node-agent/image-process.ts';
import type { PodReport } from '../testbed/node-agent/pod-worker.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { measured } from '../testbed/processes/measured.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { RegistryOptions } from '../testbed/registry/registry.ts';
import { Testbed } from '../testbed/testbed.ts';
import { Cluster, PATIENCE_SECONDS } from './cluster.ts';
import { operatorProgram } from './operator-program.ts';
import { Team, type TeamOptions } from './team.ts';

export const checkout = join(import.meta.dirname, '..', '..');

/** A flag of helm: without the check of manifests against the schemas of the API server. */
const unchecked = '--disable-openapi-validation';

export interface InstallationOptions {
  /** Names the temporary folder. */
  readonly label: string;
  /** One that takes everybody by default. */
  readonly registries?: readonly RegistryOptions[];
  /** Operator pods; the chart's default of 2. With 0 everything is there but the operator: see OperatorProcess. */
  readonly replicas?: number;
  /** Further values of the chart: `path=json`. A function may start servers whose addresses they name: it is called before helm. */
  readonly values?: readonly string[] | ((testbed: Testbed) => Promise<readonly string[]>);
  /** `Kinds`: Tekton's CRDs without Tekton, for runs that are finished by writing their status. */
  readonly tekton?: 'Kinds';
  /** Has the chart install Hallmark's CRDs, for tests of what it does with them. Otherwise they are there before. */
  readonly chartKinds?: boolean;
  /** The process of the operator's pods, instead of the one that runs the sources or the suite's bundle. */
  readonly operator?: ImageProcess;
  /** For tests that restart the API server. */
  readonly ownControlPlane?: boolean;
}

/** The chart, installed with helm on a real control plane with real Tekton, registries and a node that runs the operator. */
export class Installation extends Cluster {
  readonly testbed: Testbed;
  #values: readonly string[] = [];

  private constructor(testbed: Testbed) {
    super(testbed.plane);
    this.testbed = testbed;
  }

  /** Builds what is missing, starts everything and waits until the operator's pods are Ready. */
  static start(options: InstallationOptions): Promise<Installation> {
    return measured('starting', () => Installation.#start(options));
  }

  static async #start(options: InstallationOptions): Promise<Installation> {
    const own = { command: [process.execPath, operatorProgram], cwd: checkout, env: compileCache() };
    const testbed = await Testbed.start({
      label: options.label,
      tekton: options.tekton ?? true,
      hallmarkKinds: options.chartKinds !== true,
      cosign: true,
      helm: true,
      registries: options.registries ?? [{ referrers: false }],
      controlPlane: { own: options.ownControlPlane === true },
      nodeAgent: { images: { 'registry.hallmark.dev/hallmark': options.operator ?? own } },
    });
    const installation = new Installation(testbed);
    try {
      installation.#values = await valuesOf(testbed, options);
      await installation.helm('install');
      await installation.rolledOut();
      return installation;
    } catch (error) {
      process.stderr.write(`${installation.operatorLogs().slice(-4000)}\n`);
      await installation.stop({ isFailure: true });
      throw error;
    }
  }

  /**
   * `helm install` or `helm upgrade` with the values of this installation and further ones. The check against the schemas of the API
   * server, which are dear to compute, is left to the tests of the chart.
   */
  helm(action: 'install' | 'upgrade', values: readonly string[] = []): Promise<CommandOutput> {
    const target = ['hallmark', chart, '--namespace', releaseNamespace, '--create-namespace', unchecked];
    return this.testbed.helm([action, ...target, ...setArguments([...this.#values, ...values])]);
  }

  /** `helm uninstall`, to the end of the pods. */
  uninstall(): Promise<CommandOutput> {
    return this.testbed.helm(['uninstall', 'hallmark', '--namespace', releaseNamespace, '--wait', '--timeout=120s']);
  }

  /** Waits until the Deployment is rolled out, as `kubectl rollout status` does. */
  rolledOut(): Promise<void> {
    return this.until(releaseNamespace, 'deployment/hallmark', { condition: 'is rolled out', isMet: isRolledOut });
  }

  team(options: Omit<TeamOptions, 'registry'> & Partial<Pick<TeamOptions, 'registry'>>): Promise<Team> {
    return Team.create(this, { registry: this.testbed.registry(), ...options });
  }

  /** The operator's pods on the node. */
  operatorPods(): readonly PodReport[] {
    return this.testbed.nodeAgent.pods().filter(({ namespace }) => namespace === releaseNamespace);
  }

  /** The pod that holds the shard of a namespace, once one does; by default, that of the cluster kinds. `notPod` waits for another pod. */
  async holderOf(namespace = '', notPod?: string): Promise<PodReport> {
    const name = `hallmark-shard-${shardOf(namespace)}`;
    return waitUntil(
      `a pod holds ${name}`,
      async () => {
        const lease = await this.json(['get', 'lease', name, '-n', releaseNamespace]);
        const holder = String(at(lease, 'spec', 'holderIdentity'));
        return this.operatorPods().find(({ name }) => name !== notPod && holder.startsWith(`${name}_`));
      },
      { timeoutSeconds: PATIENCE_SECONDS },
    );
  }

  /** Waits until each operator pod holds its share of the shards, and none holds more. @returns the numbers, largest first */
  async untilShared(): Promise<readonly number[]> {
    return waitUntil(
      'the shards are shared',
      async () => {
        const counts = [...(await this.shardsByPod()).values()].toSorted((one, other) => other - one);
        const isFair = counts.length === this.operatorPods().length && (counts[0] ?? 0) - (counts.at(-1) ?? 0) <= 1;
        return isFair && counts.reduce((sum, count) => sum + count, 0) === 16 ? counts : undefined;
      },
      { timeoutSeconds: PATIENCE_SECONDS },
    );
  }

  /** The number of shards that each operator pod holds, by its name. */
  async shardsByPod(): Promise<ReadonlyMap<string, number>> {
    const list = await this.json(['get', 'lease', '-n', releaseNamespace]);
    const counts = new Map<string, number>();
    for (const lease of listField(list, 'items')) {
      const pod = String(at(lease, 'spec', 'holderIdentity')).split('_')[0] ?? '';
      const isShard = String(at(lease, 'metadata', 'name')).startsWith('hallmark-shard-');
      if (isShard && pod !== '') counts.set(pod, (counts.get(pod) ?? 0) + 1);
    }
    return counts;
  }

  /** The logs of all operator pods, including deleted ones. */
  operatorLogs(podPrefix = 'hallmark-'): string {
    return this.testbed.nodeAgent.logs(releaseNamespace, podPrefix);
  }

  /** The metrics of each operator pod that runs, as Prometheus would read them. */
  async metrics(): Promise<readonly string[]> {
    const ports = this.operatorPods().flatMap(({ containers }) =>
      containers.flatMap(({ pid, ports: { 9090: port } }) => (pid === undefined || port === undefined ? [] : [port])),
    );
    return Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()));
  }

  /** Ends everything. A failing test process keeps the logs and says where they are; `isFailure` does so at once. */
  async stop({ isFailure = false } = {}): Promise<void> {
    if (isFailure) this.testbed.supervisor.keepLogs();
    await this.testbed.stop();
  }
}

async function valuesOf(
  testbed: Testbed,
  { replicas, values = [], chartKinds = false }: InstallationOptions,
): Promise<readonly string[]> {
  const allow = testbed.registries.map(({ host }) => host);
  return [
    'config.http.host="127.0.0.1"',
    `config.outbound.allow=${JSON.stringify(allow)}`,
    ...(chartKinds ? [] : ['crds.enabled=false']),
    ...(replicas === undefined ? [] : [`replicas=${replicas}`]),
    ...(typeof values === 'function' ? await values(testbed) : values),
  ];
}

/** Every pod that a Deployment wants is of its latest template and available, and no other is left. */
function isRolledOut(deployment: unknown): boolean {
  const wanted = Number(at(deployment, 'spec', 'replicas'));
  const count = (field: string): number => Number(at(deployment, 'status', field) ?? 0);
  return (
    count('observedGeneration') >= Number(at(deployment, 'metadata', 'generation')) &&
    ['replicas', 'updatedReplicas', 'availableReplicas'].every((field) => count(field) === wanted)
  );
}
