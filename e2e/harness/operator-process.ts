// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { asManifest, at, releaseNamespace, type Manifest } from '../chart/helm.ts';
import { freePort } from '../testbed/processes/free-port.ts';
import type { ManagedProcess } from '../testbed/processes/managed-process.ts';
import { PATIENCE_SECONDS } from './cluster.ts';
import { checkout, type Installation } from './installation.ts';
import { operatorProgram } from './operator-program.ts';

/** A release of the chart, with the name of its objects. */
export interface Release {
  readonly namespace: string;
  readonly fullName: string;
}

export interface OperatorProcessOptions {
  /** That of the installation when absent. */
  readonly release?: Release;
  /** Instead of a fresh one of the chart's ServiceAccount, such as one that leads through a proxy. */
  readonly kubeconfig?: string;
  /** Sections of the configuration file to change, field by field: `{leaderElection: {enabled: false}}`. */
  readonly configuration?: Readonly<Record<string, object>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of node itself, such as `--import=…`. */
  readonly nodeArgs?: readonly string[];
  /** Its entry point, from the checkout's root; that of the installation when absent. */
  readonly program?: string;
}

/** Longer than a machine that has more to do keeps a renewal waiting; an operator that ends in good order gives its Lease up. */
const patient = { leaseDurationSeconds: 120, renewDeadlineSeconds: 100 } as const;

const installed: Release = { namespace: releaseNamespace, fullName: 'hallmark' };

let started = 0;

/**
 * The operator as one local process with the rights and the configuration that the chart gives it: for tests that kill it
 * at a certain moment. The installation should have `replicas: 0`.
 */
export class OperatorProcess {
  /** Its POD_NAME, the beginning of its identity in the Lease. */
  readonly name: string;
  readonly #installation: Installation;
  readonly #options: OperatorProcessOptions;
  readonly #ports: { readonly health: number; readonly metrics: number };
  #kubeconfig: string;
  #process: ManagedProcess;
  /** Offset in the log at which this life begins. */
  #logStart = 0;

  private constructor(
    installation: Installation,
    options: OperatorProcessOptions,
    launch: Pick<OperatorProcess, 'name'> & { ports: { health: number; metrics: number }; kubeconfig: string },
  ) {
    this.name = launch.name;
    this.#installation = installation;
    this.#options = options;
    this.#ports = launch.ports;
    this.#kubeconfig = launch.kubeconfig;
    this.#process = this.#launch();
  }

  /** Starts it; resolves at once, before it works. */
  static async start(installation: Installation, options: OperatorProcessOptions = {}): Promise<OperatorProcess> {
    started += 1;
    const name = `operator-${started}`;
    const ports = { health: await freePort(), metrics: await freePort() };
    const { namespace, fullName } = options.release ?? installed;
    const kubeconfig = options.kubeconfig ?? (await installation.plane.kubeconfigFor(namespace, fullName));
    const configuration = await configurationFile(installation, options, ports);
    writeFileSync(configPath(installation, name), configuration);
    return new OperatorProcess(installation, options, { name, ports, kubeconfig });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The exit status; undefined while the process runs. */
  get exit(): ManagedProcess['exit'] {
    return this.#process.exit;
  }

  /** The log of all its lives. */
  log(): string {
    return readFileSync(this.#process.logPath, 'utf8');
  }

  /** Waits until it leads and has seen all there is, in this life. */
  async untilWorking(): Promise<void> {
    const isWorking = (): boolean => this.log().slice(this.#logStart).includes('"message":"working"');
    await this.#process.untilReady(isWorking, { timeoutSeconds: PATIENCE_SECONDS });
  }

  /** Its readiness, as the kubelet would read it. */
  async readiness(): Promise<{ readonly isReady: boolean; readonly text: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.#ports.health}/readyz`);
    return { isReady: answer.ok, text: await answer.text() };
  }

  /** Its metrics, as Prometheus would read them. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#ports.metrics}/metrics`)).text();
  }

  /** The number of shards whose work it does, by its own metrics. */
  async shardsHeld(): Promise<number> {
    return Number(/^hallmark_shards_held (\d+)$/m.exec(await this.metrics())?.[1]);
  }

  /** Signals it and, for a signal that ends it, waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ManagedProcess['exit']> {
    this.#process.signal(signal);
    return this.#process.exited;
  }

  /** Ends it in good order (SIGTERM), and by SIGKILL after the grace period. */
  stop(graceSeconds = 30): Promise<NonNullable<ManagedProcess['exit']>> {
    return this.#process.stop(graceSeconds);
  }

  /** Starts it again after it ended, with the same configuration, identity prefix and ports. */
  restart(options: { readonly kubeconfig?: string } = {}): void {
    if (this.#process.exit === undefined) throw new Error(`${this.name} still runs`);
    this.#kubeconfig = options.kubeconfig ?? this.#kubeconfig;
    this.#logStart = this.log().length;
    this.#process = this.#launch();
  }

  #launch(): ManagedProcess {
    const { supervisor } = this.#installation.testbed;
    const { nodeArgs = [], env = {}, program = operatorProgram, release = installed } = this.#options;
    return supervisor.start({
      name: this.name,
      command: process.execPath,
      args: [...nodeArgs, program, '--config', configPath(this.#installation, this.name)],
      cwd: checkout,
      env: { POD_NAME: this.name, POD_NAMESPACE: release.namespace, KUBECONFIG: this.#kubeconfig, ...env },
      graceSeconds: 30,
    });
  }
}

function configPath(installation: Installation, name: string): string {
  return join(installation.testbed.supervisor.dataDirectory('operators'), `${name}.yaml`);
}

/** The configuration of the chart's ConfigMap, with these ports and changes. */
async function configurationFile(
  installation: Installation,
  { configuration: changes = {}, release = installed }: OperatorProcessOptions,
  ports: { readonly health: number; readonly metrics: number },
): Promise<string> {
  const configMap = await installation.json(['get', 'configmap', release.fullName, '-n', release.namespace]);
  const chart = asManifest(parse(String(at(configMap, 'data', 'config.yaml'))));
  const http = { host: '127.0.0.1', port: ports.health, metricsPort: ports.metrics };
  return stringify(Object.entries({ leaderElection: patient, ...changes, http }).reduce(withSection, chart));
}

function withSection(configuration: Manifest, [section, fields]: readonly [string, object]): Manifest {
  const before = configuration[section];
  return { ...configuration, [section]: before === undefined ? fields : { ...asManifest(before), ...fields } };
}
