// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../src/api/v1alpha1/fields/date-time.ts';
import { isConflict } from '../../src/kube/kube-error.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import type { Build, Team } from '../harness/team.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';

/** The `spec.managedBy` of these runs: Tekton leaves them alone. */
const MANAGER = 'testbed.hallmark.dev/resilience';

/** Fields of a team's policy that select these runs. */
export const managedRuns = { runs: { managedBy: [MANAGER] } } as const;

export interface FinishOptions {
  /** Entries of `status.results`; by default those that name the image. */
  readonly results?: readonly unknown[];
  /** Further fields of the status. */
  readonly status?: object;
}

export interface CreateOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further fields of the spec. */
  readonly spec?: object;
}

type BuildOptions = CreateOptions & FinishOptions & { readonly repository?: string };

const signal = new AbortController().signal;

/** The parts of a team that these runs need. */
export type RunningTeam = Pick<Team, 'name' | 'releaseLabel'> & {
  readonly registry: Pick<Team['registry'], 'host' | 'pushImage'>;
};

/** Runs of a team that are finished by writing their status, at once and without pods: for tests that need many, or odd ones. */
export class ManagedRuns {
  readonly #client: KubeClient;
  readonly #team: RunningTeam;
  /** `host:port` that the results name; the team's registry, or a proxy in front of it. */
  readonly #host: string;

  constructor(client: KubeClient, team: RunningTeam, host = team.registry.host) {
    this.#client = client;
    this.#team = team;
    this.#host = host;
  }

  /** A TaskRun that has not finished. */
  async create({ name, labels = {}, annotations = {}, spec = {} }: CreateOptions): Promise<Manifest> {
    const metadata = {
      name,
      namespace: this.#team.name,
      labels: { ...this.#team.releaseLabel, ...labels },
      annotations,
    };
    const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', command: ['bake'] }] };
    const object = { metadata, spec: { managedBy: MANAGER, serviceAccountName: 'builder', taskSpec, ...spec } };
    return asManifest(await this.#client.create(runResources.TaskRun, object, { signal }));
  }

  /** Writes the status of a run of either kind that succeeded. @returns the run as it is now */
  async finish(run: Manifest, { results = [], status = {} }: FinishOptions): Promise<Manifest> {
    const isPipelineRun = run['kind'] === 'PipelineRun';
    const taskStatus = isPipelineRun ? {} : { podName: '', taskSpec: at(run, 'spec', 'taskSpec') };
    const now = rfc3339Seconds(new Date());
    const succeeded = { type: 'Succeeded', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: now };
    const { name, namespace, resourceVersion } = identityOf(run);
    const object = {
      metadata: { name, namespace, resourceVersion },
      spec: run['spec'],
      status: {
        conditions: [succeeded],
        startTime: now,
        completionTime: now,
        results,
        ...taskStatus,
        ...status,
      },
    };
    const resource = runResources[isPipelineRun ? 'PipelineRun' : 'TaskRun'];
    try {
      return asManifest(await this.#client.replaceStatus(resource, object, { signal }));
    } catch (error) {
      // The operator has set its finalizer meanwhile: Tekton writes again, too.
      if (!isConflict(error)) throw error;
      const newer = asManifest(await this.#client.find(resource, { namespace, name }, { signal }));
      const { uid, resourceVersion: version } = identityOf(newer);
      if (uid !== identityOf(run).uid) throw error;
      return await this.finish(withVersion(run, version), { results, status });
    }
  }

  /** Pushes an image to the team's repository of this name, and makes a finished run that says it built it. */
  async build({ repository = 'app', ...options }: BuildOptions): Promise<Build> {
    const image = await this.#team.registry.pushImage(`${this.#team.name}/${repository}`, options.name);
    const run = await this.create(options);
    await this.finish(run, { results: this.imageResults(image, repository), ...options });
    return { kind: 'TaskRun', name: options.name, uid: identityOf(run).uid, image };
  }

  /** The results of a run that built this image. */
  imageResults({ digest }: PushedImage, repository = 'app'): readonly unknown[] {
    return [
      { name: 'IMAGE_URL', type: 'string', value: `${this.#host}/${this.#team.name}/${repository}` },
      { name: 'IMAGE_DIGEST', type: 'string', value: digest },
    ];
  }
}

/** Waits until the second in which a run finished is over: later times, also in whole seconds, are after its end. */
export async function untilSecondIsOver(run: Manifest): Promise<void> {
  const completed = Date.parse(String(at(run, 'status', 'completionTime')));
  await waitUntil('the second in which the run finished is over', () => Date.now() >= completed + 1000);
}

/** The metadata that Tekton gives to the TaskRun of a task of a PipelineRun. */
export function childMetadata(pipelineRun: Manifest, task: string) {
  const { name, namespace, uid } = identityOf(pipelineRun);
  return {
    name: `${name}-${task}`,
    namespace,
    labels: {
      'tekton.dev/pipelineRun': name,
      'tekton.dev/pipelineRunUID': uid,
      'tekton.dev/pipelineTask': task,
      'tekton.dev/memberOf': 'tasks',
    },
    ownerReferences: [
      { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name, uid, controller: true, blockOwnerDeletion: true },
    ],
  };
}

/** The entry for the TaskRun of a task in the status of its PipelineRun. */
export function childReference(pipelineRun: Manifest, task: string) {
  const name = `${identityOf(pipelineRun).name}-${task}`;
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name, pipelineTaskName: task };
}

function withVersion(run: Manifest, resourceVersion: string): Manifest {
  return { ...run, metadata: { ...asManifest(run['metadata']), resourceVersion } };
}

interface Identity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

function identityOf(object: unknown): Identity {
  const text = (field: string): string => String(at(object, 'metadata', field));
  return {
    name: text('name'),
    namespace: text('namespace'),
    uid: text('uid'),
    resourceVersion: text('resourceVersion'),
  };
}
