// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { objectField, stringField } from '../../../src/json/fields.ts';
import { recipeOf } from '../binaries/catalog.ts';
import { ensureBinaries, ensureBinary, moduleFolder } from '../binaries/ensure-binary.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { untilEstablished } from '../control-plane/until-established.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { moduleDirectory } from './module-directory.ts';
import { isCustomResourceDefinition, readManifests } from './read-manifests.ts';
import { tektonEnvironment } from './tekton-environment.ts';

const pipelineModule = 'github.com/tektoncd/pipeline';
/** No container is ever started from these, but the controller wants them by digest. */
const image = `testbed.invalid/tekton@sha256:${'0'.repeat(64)}`;
const imageFlags = [
  'entrypoint-image',
  'nop-image',
  'sidecarlogresults-image',
  'workingdirinit-image',
  'shell-image',
  'shell-image-win',
];

/** Tekton Pipelines on a control plane: CRDs, controller and admission webhook. Its pods need a node agent to run them. */
export class Tekton {
  readonly #controller: ManagedProcess;
  readonly #webhook: ManagedProcess;

  private constructor(controller: ManagedProcess, webhook: ManagedProcess) {
    this.#controller = controller;
    this.#webhook = webhook;
  }

  /** Applies the manifests and starts both processes; resolves when runs are defaulted, validated and reconciled. */
  static async start(plane: ControlPlane, supervisor: Supervisor): Promise<Tekton> {
    await ensureBinaries(['tekton-controller', 'tekton-webhook']);
    const webhookPort = await freePort();
    await applyManifests(plane, await manifests(webhookPort));
    // Admission policies know the controller by its name.
    const controllerKubeconfig = plane.kubeconfigNamed('tekton-pipelines', 'tekton-pipelines-controller');
    const controller = supervisor.start({
      name: 'tekton-controller',
      command: await ensureBinary('tekton-controller'),
      graceSeconds: 0,
      args: ['-kubeconfig', controllerKubeconfig, ...imageFlags.flatMap((flag) => [`-${flag}`, image])],
      env: await tektonEnvironment('config-leader-election-controller'),
    });
    const webhook = supervisor.start({
      name: 'tekton-webhook',
      command: await ensureBinary('tekton-webhook'),
      graceSeconds: 0,
      args: ['-kubeconfig', plane.kubeconfigPath],
      env: { ...(await tektonEnvironment('config-leader-election-webhook')), WEBHOOK_PORT: String(webhookPort) },
    });
    await controller.untilReady(() => controller.logTail(1000).includes('Started workers'));
    const tekton = new Tekton(controller, webhook);
    await tekton.untilAdmitting(plane);
    return tekton;
  }

  /** Waits until the API server asks the webhook about runs; that it does not yet, or any more, would let them pass. */
  async untilAdmitting(plane: ControlPlane): Promise<void> {
    await this.#webhook.untilReady(() => isDefaulting(plane));
  }

  /** Ends both processes; what they made stays. */
  async stop(): Promise<void> {
    await Promise.all([this.#controller.stop(), this.#webhook.stop()]);
  }
}

/** Applies Tekton's CRDs and nothing else: no webhook is asked about runs, and no controller works on them. @returns the CRDs */
export async function installTektonKinds(plane: ControlPlane): Promise<readonly unknown[]> {
  const definitions = (await manifests(0)).filter(isCustomResourceDefinition);
  await applyManifests(plane, definitions);
  return definitions;
}

async function manifests(webhookPort: number): Promise<readonly unknown[]> {
  const module = await moduleDirectory(moduleFolder(recipeOf('tekton-controller')), pipelineModule);
  return readManifests(join(module, 'config'), webhookPort);
}

async function applyManifests(plane: ControlPlane, manifests: readonly unknown[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
  await plane.kubectl(['apply', '--server-side', '-f', '-'], { stdin: list });
  await untilEstablished((args) => plane.kubectl(args), ['crd', '-l', 'app.kubernetes.io/part-of=tekton-pipelines']);
}

/** Until the webhook has entered its certificate and rules, the API server would take runs without asking it. */
async function isDefaulting(plane: ControlPlane): Promise<boolean> {
  const probe = {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'probe', namespace: 'default' },
    spec: { taskSpec: { steps: [{ name: 'probe', image, command: ['true'] }] } },
  };
  const made = await plane.rehearse('/apis/tekton.dev/v1/namespaces/default/taskruns', probe);
  return stringField(objectField(made, 'spec'), 'timeout') !== undefined;
}
