// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

const NAMESPACE = 'tekton-chains';

export interface ChainsOptions {
  /** The data of its ConfigMap `chains-config`. */
  readonly config: Readonly<Record<string, string>>;
  /** PEM of the key that signs. */
  readonly privateKey: string;
}

/** Tekton Chains' controller on a control plane, at its best settings: 32 workers a kind, and no limit of requests that it meets. */
export class Chains {
  readonly #process: ManagedProcess;
  readonly #metricsPort: number;

  private constructor(process: ManagedProcess, metricsPort: number) {
    this.#process = process;
    this.#metricsPort = metricsPort;
  }

  /** Applies its configuration and starts it; resolves when it works. */
  static async start(plane: ControlPlane, supervisor: Supervisor, options: ChainsOptions): Promise<Chains> {
    await plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(manifests(options.config)) });
    const secrets = supervisor.dataDirectory('chains-signing-secrets');
    writeFileSync(join(secrets, 'x509.pem'), options.privateKey, { mode: 0o600 });
    const metricsPort = await freePort();
    const process = supervisor.start({
      name: 'chains-controller',
      command: await ensureBinary('chains-controller'),
      args: ['-threads-per-controller', '32', '-kube-api-qps', '1000', '-kube-api-burst', '1000'],
      env: {
        KUBECONFIG: plane.kubeconfigPath,
        KUBERNETES_SERVICE_HOST: '',
        SIGNING_SECRETS: secrets,
        SYSTEM_NAMESPACE: NAMESPACE,
        CONFIG_LOGGING_NAME: 'config-logging',
        CONFIG_OBSERVABILITY_NAME: 'config-observability',
        CONFIG_LEADERELECTION_NAME: 'config-leader-election',
        METRICS_DOMAIN: 'tekton.dev/chains',
        METRICS_PROMETHEUS_HOST: '127.0.0.1',
        METRICS_PROMETHEUS_PORT: String(metricsPort),
        PROFILING_PORT: String(await freePort()),
        POD_NAME: 'chains-0',
      },
    });
    const chains = new Chains(process, metricsPort);
    await process.untilReady(async () => (await chains.metrics()) !== undefined);
    return chains;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The number of runs of a kind marked as signed, its last step. The TaskRuns of a PipelineRun are marked too, whether it signs them or not. */
  async signedCount(kind: 'TaskRun' | 'PipelineRun'): Promise<number> {
    const name = `watcher_${kind.toLowerCase()}_marked_signed_total`;
    const lines = ((await this.metrics()) ?? '').split('\n');
    const marked = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return marked.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Its metrics, as Prometheus would read them; undefined while it does not answer. */
  async metrics(): Promise<string | undefined> {
    try {
      return await (await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`)).text();
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

function manifests(config: ChainsOptions['config']): object {
  const configMap = (name: string, data: object): object => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data },
  });
  const logger = {
    level: 'warn',
    encoding: 'json',
    outputPaths: ['stdout'],
    errorOutputPaths: ['stderr'],
    encoderConfig: { messageKey: 'message', levelKey: 'level' },
  };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      configMap('chains-config', config),
      configMap('config-logging', { 'zap-logger-config': JSON.stringify(logger) }),
      configMap('config-observability', { 'metrics.backend-destination': 'prometheus' }),
      configMap('config-leader-election', {}),
    ],
  };
}
