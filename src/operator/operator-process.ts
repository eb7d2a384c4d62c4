// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../config/operator-configuration.ts';
import { lead } from '../controllers/wiring/lead.ts';
import { EventRecorder } from '../kube/events.ts';
import { KubeClient } from '../kube/kube-client.ts';
import { KubeConnection } from '../kube/kube-connection.ts';
import { Leadership } from '../kube/lease/leadership.ts';
import { EgressClient } from '../net/egress-client.ts';
import { ClusterResolver } from '../net/lookup/cluster-resolver.ts';
import { NameLookups } from '../net/lookup/name-lookups.ts';
import { packageVersion } from '../package-version.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { EventLoopWatchdog } from '../runtime/event-loop-watchdog.ts';
import { startEndpoints } from '../telemetry/endpoints.ts';
import type { RunningHttpServer } from '../telemetry/http-server.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { HallmarkOperator, type StopLimits } from './hallmark-operator.ts';

export interface OperatorProcessOptions {
  readonly configuration: OperatorConfiguration;
  /** Name of this replica, as the holder of the Lease and the reporter of Events. */
  readonly instance: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends the process. */
  readonly exit: (exitCode: number) => void;
}

/** One replica: serves its probes, waits for the Lease, does the operator's work while it holds the Lease, and stops in good order. */
export class OperatorProcess {
  readonly #options: OperatorProcessOptions;
  readonly #logger: Logger;
  readonly #metrics = new Metrics();
  readonly #connection: KubeConnection;
  readonly #client: KubeClient;
  readonly #egress: EgressClient;
  readonly #events: EventRecorder;
  readonly #leadership: Leadership;
  readonly #operator: HallmarkOperator;
  #servers: readonly RunningHttpServer[] = [];
  /** Set once the process is ending. */
  #exitCode: number | undefined;
  #isLearning = false;
  #trouble: () => string | undefined = () => undefined;

  constructor(options: OperatorProcessOptions) {
    const { configuration, instance } = options;
    this.#options = options;
    this.#logger = createLogger({ level: configuration.log.level });
    this.#connection = KubeConnection.fromDefault({ clock });
    this.#client = new KubeClient({
      connection: this.#connection,
      clock,
      userAgent: `hallmark/${packageVersion()}`,
      observer: { requested: this.#metrics.kubeRequested.bind(this.#metrics) },
    });
    this.#egress = egressClient(configuration, this.#connection.server);
    this.#events = new EventRecorder({
      client: this.#client,
      clock,
      instance,
      onDropped: this.#metrics.eventDropped.bind(this.#metrics),
    });
    this.#leadership = this.#makeLeadership();
    this.#metrics.showLeader(() => this.#leadership.isLeader);
    this.#operator = new HallmarkOperator({
      logger: this.#logger,
      shutdownGraceSeconds: configuration.shutdownGraceSeconds,
      abortedSeconds: configuration.leaderElection.leaseDurationSeconds,
      init: (_host, signal) => this.#lead(signal),
    });
  }

  /** Serves the probes and starts the operator. Ends the process when it cannot start. */
  async run(): Promise<void> {
    const { configuration, instance, environment } = this.#options;
    // A process whose event loop is blocked for as long as the Lease lasts has lost it, and could not stop its own work.
    const watchdog = new EventLoopWatchdog({
      limitMs: configuration.leaderElection.leaseDurationSeconds * 1000,
      fields: { instance },
    });
    this.#servers = await startEndpoints({
      http: configuration.http,
      metrics: this.#metrics,
      liveness: { watchdog: () => watchdog.problem },
      readiness: { controllers: () => this.#problem },
      environment,
    });
    const { watchNamespaces: namespaces } = configuration;
    this.#logger.info('starting', { version: packageVersion(), instance, namespaces });
    try {
      await this.#operator.start();
    } catch (error) {
      if (this.#exitCode !== undefined) return;
      this.#logger.error('the operator cannot start', { error });
      this.#end(1);
    }
  }

  /** Stops in good order on the first signal, and at once on the second. */
  stopOn(signal: string): void {
    if (this.#exitCode !== undefined) {
      this.#options.exit(1);
      return;
    }
    this.#logger.info('signal received', { signal });
    this.#end(0);
  }

  get #problem(): string | undefined {
    return this.#trouble() ?? (this.#isLearning ? 'still reading what is there' : undefined);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { configuration, instance } = this.#options;
    this.#operator.releaseAtEnd('connection to the API server', () => this.#connection.close());
    this.#operator.releaseWhenIdle('lease', () => this.#leadership.release());
    this.#operator.releaseAtEnd('events', () => this.#events.stop());
    this.#logger.info('waiting for the lease', { lease: configuration.leaderElection.leaseName });
    await this.#leadership.acquire(signal);
    this.#isLearning = true;
    this.#logger.info('leading', { instance });
    const options = {
      client: this.#client,
      egress: this.#egress,
      events: this.#events,
      clock,
      configuration,
      host: this.#operator,
      logger: this.#logger,
      metrics: this.#metrics,
      onTrouble: (trouble: () => string | undefined) => {
        this.#trouble = trouble;
      },
      isLeader: () => this.#leadership.isLeader,
    };
    await lead(options, signal);
    this.#isLearning = false;
    this.#logger.info('working');
  }

  #makeLeadership(): Leadership {
    const { configuration, instance, exit } = this.#options;
    const { leaderElection: election, operatorNamespace: namespace } = configuration;
    return new Leadership({
      ...{ client: this.#client, clock, instance, namespace, election },
      onLost: () => {
        this.#logger.error('the lease is lost: another replica takes over', { instance });
        // Another replica may begin when the Lease runs out: by then nothing of this one may go on.
        const abortedSeconds = election.leaseDurationSeconds - election.renewDeadlineSeconds;
        void clock.sleep(abortedSeconds * 1000).then(() => {
          exit(1);
        });
        this.#end(1, { graceSeconds: 0, abortedSeconds });
      },
      onFailure: (error) => {
        this.#logger.warn('the lease was neither acquired nor renewed', { error });
      },
    });
  }

  /** Ends the process after a stop in good order, with the exit code of the first call. */
  #end(exitCode: number, limits: Partial<StopLimits> = {}): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = exitCode;
    const close = async (): Promise<void> => {
      await Promise.allSettled(this.#servers.map((server) => server.close()));
      this.#options.exit(exitCode);
    };
    void this.#operator.shutDown(limits).finally(close);
  }
}

/** The client for hosts that tenants name. It never reaches the API server, whatever a name resolves to: that one knows the operator. */
function egressClient({ outbound }: OperatorConfiguration, apiServer: string): EgressClient {
  const lookups = new NameLookups({ resolver: new ClusterResolver(), clock });
  const deny = [...outbound.deny, hostAndPort(apiServer)];
  return new EgressClient({ allow: outbound.allow, deny }, lookups);
}

/** `10.96.0.1:443`, the form of the egress client's rules. */
function hostAndPort(server: string): string {
  const { hostname, port, protocol } = new URL(server);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}
