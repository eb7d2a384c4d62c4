// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setArguments } from '../../codegen/chart/value-sets.ts';
import type { NodeAgent } from '../testbed/node-agent/node-agent.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import { Testbed, type TestbedOptions } from '../testbed/testbed.ts';
import { ApiObjects } from '../harness/api-objects.ts';
import { operatorProgram } from '../harness/operator-program.ts';
import { Cluster } from '../harness/cluster.ts';
import { asManifest, chart, releaseNamespace, type Manifest } from './helm.ts';

/** The user that a request impersonates; the administrator by default. */
export interface Identity {
  readonly user: string;
  readonly groups?: readonly string[];
}

export const operator: Identity = { user: `system:serviceaccount:${releaseNamespace}:hallmark` };

/** A cluster administrator who is not the operator. */
export const administrator: Identity = { user: 'alice', groups: ['system:masters'] };

/** A node that runs the operator and the command from this checkout, and ends Tekton's pods without doing their work. */
export const nodeAgent: NonNullable<TestbedOptions['nodeAgent']> = {
  images: {
    'registry.hallmark.dev/hallmark': {
      command: ['node', operatorProgram],
      programs: { '/app/dist/cli.js': ['node', 'src/cli/main.ts'] },
      cwd: join(import.meta.dirname, '..', '..'),
      env: compileCache(),
    },
  },
};

/** A control plane that the chart is installed into; without nodes unless they are asked for. */
export class ChartCluster {
  readonly #testbed: Testbed;
  readonly #cluster: Cluster;

  private constructor(testbed: Testbed) {
    this.#testbed = testbed;
    this.#cluster = new Cluster(testbed.plane);
  }

  static async start(label: string, options: Pick<TestbedOptions, 'tekton' | 'nodeAgent'> = {}): Promise<ChartCluster> {
    return new ChartCluster(await Testbed.start({ label, helm: true, ...options }));
  }

  stop(): Promise<void> {
    return this.#testbed.stop();
  }

  get node(): NodeAgent {
    return this.#testbed.nodeAgent;
  }

  kubectl(args: readonly string[], options: { stdin?: string; as?: Identity } = {}): Promise<CommandOutput> {
    const groups = (options.as?.groups ?? []).map((group) => `--as-group=${group}`);
    const impersonation = options.as === undefined ? [] : [`--as=${options.as.user}`, ...groups];
    const stdin = options.stdin === undefined ? {} : { stdin: options.stdin };
    return this.#testbed.plane.kubectl([...args, ...impersonation], stdin);
  }

  /** The output of `kubectl … -o json`, parsed. */
  json(args: readonly string[]): Promise<unknown> {
    return this.#cluster.json(args);
  }

  /** Creates one object given as data. @returns it as the API server made it */
  async create(object: object, as?: Identity): Promise<Manifest> {
    const impersonation =
      as === undefined
        ? {}
        : { 'impersonate-user': as.user, ...(as.groups === undefined ? {} : { 'impersonate-group': as.groups }) };
    const created = await new ApiObjects(this.#testbed.plane, impersonation).create(asManifest(object));
    if (created === undefined) throw new Error('the API server does not serve this kind');
    return created;
  }

  /** `helm <action> hallmark …`, in the usual namespace unless another is given. */
  helm(action: readonly string[], namespace = releaseNamespace): Promise<CommandOutput> {
    return this.#testbed.helm([...action, '--namespace', namespace]);
  }

  install(entries: readonly string[] = [], namespace = releaseNamespace): Promise<CommandOutput> {
    return this.helm(['install', 'hallmark', chart, '--create-namespace', ...setArguments(entries)], namespace);
  }
}
