// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { field, isObject, listField, objectField, stringField } from '../../../src/json/fields.ts';
import { recipeOf } from '../binaries/catalog.ts';
import { ensureBinary, moduleFolder } from '../binaries/ensure-binary.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { untilEstablished } from '../control-plane/until-established.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { moduleDirectory } from '../tekton/module-directory.ts';

const NAMESPACE = 'cosign-system';
/** The label by which a namespace asks for it. */
export const INCLUDED = { 'policy.sigstore.dev/include': 'true' };

/** Sigstore's policy-controller on a control plane, which lets images pass that no policy matches. */
export class PolicyController {
  readonly #process: ManagedProcess;

  private constructor(process: ManagedProcess) {
    this.#process = process;
  }

  /** Applies its CRDs and manifests and starts it; resolves when the API server asks it about policies and pods. */
  static async start(plane: ControlPlane, supervisor: Supervisor): Promise<PolicyController> {
    const command = await ensureBinary('policy-controller');
    const recipe = recipeOf('policy-controller');
    const module = await moduleDirectory(moduleFolder(recipe), 'github.com/sigstore/policy-controller');
    const port = await freePort();
    const list = { apiVersion: 'v1', kind: 'List', items: manifests(join(module, 'config'), port) };
    await plane.kubectl(['apply', '--server-side', '-f', '-'], { stdin: JSON.stringify(list) });
    const crds = ['clusterimagepolicies.policy.sigstore.dev', 'trustroots.policy.sigstore.dev'];
    await untilEstablished((args) => plane.kubectl(args), ['crd', ...crds]);
    const process = supervisor.start({
      name: 'policy-controller',
      command,
      graceSeconds: 0,
      args: ['-disable-tuf'],
      env: {
        KUBECONFIG: plane.kubeconfigPath,
        KUBERNETES_SERVICE_HOST: '',
        SYSTEM_NAMESPACE: NAMESPACE,
        CONFIG_LOGGING_NAME: 'config-logging',
        CONFIG_OBSERVABILITY_NAME: 'config-observability',
        METRICS_DOMAIN: 'sigstore.dev/policy',
        METRICS_PROMETHEUS_HOST: '127.0.0.1',
        METRICS_PROMETHEUS_PORT: String(await freePort()),
        PROFILING_PORT: String(await freePort()),
        WEBHOOK_NAME: 'webhook',
        WEBHOOK_PORT: String(port),
        KUBERNETES_MIN_VERSION: 'v1.21.0',
        POD_NAME: 'policy-controller-0',
      },
    });
    await process.untilReady(() => isRegistered(plane));
    return new PolicyController(process);
  }

  /** Ends it; what it made stays. */
  stop(): Promise<unknown> {
    return this.#process.stop();
  }
}

function manifests(folder: string, port: number): readonly unknown[] {
  const files = readdirSync(folder).filter((name) => /^([2-5]\d\d|config|100)-.*\.yaml$/.test(name));
  const objects = files
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map((document): unknown => document.toJS())
    .filter(isObject);
  return [
    ...objects.filter(({ kind }) => kind !== 'Service' && kind !== 'ConfigMap').map((object) => adapted(object, port)),
    ...objects.filter(({ kind }) => kind === 'ConfigMap').map(settings),
    webhookService,
  ];
}

/** CRDs lose the webhook that converts between versions, and webhooks are called on `port` of this machine. */
function adapted(object: Record<string, unknown>, port: number): unknown {
  if (object['kind'] === 'CustomResourceDefinition') {
    const { conversion: _, ...spec } = objectField(object, 'spec');
    return { ...object, spec };
  }
  if (!Array.isArray(object['webhooks'])) return object;
  const webhooks = listField(object, 'webhooks').map((webhook) => {
    const clientConfig = objectField(webhook, 'clientConfig');
    const service = { ...objectField(clientConfig, 'service'), port };
    return { ...objectField({ webhook }, 'webhook'), clientConfig: { ...clientConfig, service } };
  });
  return { ...object, webhooks };
}

/** By default it refuses an image that no policy matches. */
function settings(object: Record<string, unknown>): unknown {
  const isPolicy = stringField(field(object, 'metadata'), 'name') === 'config-policy-controller';
  return isPolicy ? { ...object, data: { 'no-match-policy': 'allow' } } : object;
}

/** Leads to this machine. */
const webhookService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'webhook', namespace: NAMESPACE },
  spec: { type: 'ExternalName', externalName: '127.0.0.1' },
};

/** True once all its webhooks have their certificate and rules. */
async function isRegistered(plane: ControlPlane): Promise<boolean> {
  const kinds = 'validatingwebhookconfigurations,mutatingwebhookconfigurations';
  const { stdout } = await plane.kubectl(['get', kinds, '-o', 'json']);
  const webhooks = listField(JSON.parse(stdout), 'items')
    .filter((item) => stringField(field(item, 'metadata'), 'name')?.endsWith('sigstore.dev') === true)
    .flatMap((item) => listField(item, 'webhooks'));
  const isComplete = (webhook: unknown): boolean =>
    listField(webhook, 'rules').length > 0 && field(field(webhook, 'clientConfig'), 'caBundle') !== undefined;
  return webhooks.length > 0 && webhooks.every(isComplete);
}
