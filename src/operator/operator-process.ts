// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../config/operator-configuration.ts';
import { learn } from '../controllers/wiring/learn.ts';
import { EventRecorder } from '../kube/events.ts';
import { KubeClient } from '../kube/kube-client.ts';
import { KubeConnection } from '../kube/kube-connection.ts';
import type { HeldShards, ShardHolder } from '../kube/lease/shard-holder.ts';
import { ShardLeases } from '../kube/lease/shard-leases.ts';
import { SoleReplica } from '../kube/lease/sole-replica.ts';
import { withinLease } from '../kube/lease/within-lease.ts';
import { isBlind } from '../kube/watch/is-blind.ts';
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
import { type RunTracing, untraced } from '../telemetry/tracing/run-tracing.ts';
import { HallmarkOperator, type StopLimits } from './hallmark-operator.ts';
import { outboundProxy } from './outbound-proxy.ts';
import { stillReading } from './still-reading.ts';

export interface OperatorProcessOptions {
  readonly configuration: OperatorConfiguration;
  /** Name of this replica, as the holder of Leases and the reporter of Events. */
  readonly instance: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends the process. */
  readonly exit: (exitCode: number) => void;
}

/** One replica: serves its probes, learns what is there, does the work of the shards that it holds, and stops in good order. */
export class OperatorProcess {
  readonly #options: OperatorProcessOptions;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #connection: KubeConnection;
  readonly #client: KubeClient;
  readonly #egress: EgressClient;
  readonly #events: EventRecorder;
  readonly #shards: HeldShards;
  readonly #operator: HallmarkOperator;
  #servers: readonly RunningHttpServer[] = [];
  /** Set once the process is ending. */
  #exitCode: number | undefined;
  #isLearning = false;
  /** True once a shard is held, until all are lost. */
  #isAtWork = false;
  #trouble: () => string | undefined = () => undefined;

  constructor(options: OperatorProcessOptions) {
    const { configuration, instance } = options;
    this.#options = options;
    const revision = options.environment['HALLMARK_REVISION'] ?? '';
    this.#metrics = new Metrics({ build: { version: packageVersion(), nodeVersion: process.version, revision } });
    this.#logger = createLogger({ level: configuration.log.level });
    this.#connection = KubeConnection.fromDefault({ clock });
    this.#client = new KubeClient({
      connection: this.#connection,
      clock,
      userAgent: `hallmark/${packageVersion()}`,
      observer: { requested: this.#metrics.kubeRequested.bind(this.#metrics) },
    });
    this.#egress = egressClient(options, this.#connection.server);
    this.#events = new EventRecorder({
      client: this.#client,
      clock,
      instance,
      onDropped: this.#metrics.eventDropped.bind(this.#metrics),
    });
    this.#shards = this.#makeShards();
    this.#metrics.showShards(this.#shards);
    this.#operator = new HallmarkOperator({
      logger: this.#logger,
      shutdownGraceSeconds: configuration.shutdownGraceSeconds,
      abortedSeconds: configuration.leaderElection.leaseDurationSeconds,
      init: (_host, signal) => this.#work(signal),
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
    return this.#trouble() ?? (this.#isLearning ? stillReading(this.#operator.watches) : undefined);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { configuration } = this.#options;
    this.#operator.releaseAtEnd('connection to the API server', () => this.#connection.close());
    this.#operator.releaseWhenIdle('leases', () => this.#shards.stop());
    this.#operator.releaseAtEnd('events', () => this.#events.stop());
    this.#isLearning = true;
    await this.#shards.look(signal);
    const options = {
      tracing: await this.#openTracing(),
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
      holds: (namespace: string) => this.#shards.holds(namespace),
    };
    const work = await learn(options, signal);
    this.#isLearning = false;
    this.#logger.info('standing by');
    this.#shards.start(this.#holder(work));
  }

  /** Loads OpenTelemetry only where traces are configured. */
  async #openTracing(): Promise<RunTracing> {
    const { configuration, instance } = this.#options;
    const { endpoint, samplingRatio } = configuration.tracing;
    if (endpoint === '') return untraced;
    const { otlpTracing } = await import('../telemetry/tracing/otlp-tracing.ts');
    const version = packageVersion();
    const onExport = this.#metrics.spansExported.bind(this.#metrics);
    const { tracing, close } = otlpTracing({ endpoint, samplingRatio, version, instance, onExport });
    this.#operator.releaseAtEnd('traces', close);
    return tracing;
  }

  #makeShards(): HeldShards {
    const { configuration, instance } = this.#options;
    const { leaderElection, operatorNamespace: namespace } = configuration;
    const { enabled, ...timing } = leaderElection;
    if (!enabled) return new SoleReplica();
    return new ShardLeases({
      ...{ client: this.#client, clock, instance, namespace, ...timing },
      // One that stops gives its shards up one by one, as their work ends.
      isLeaving: () => this.#exitCode !== undefined || isBlind(this.#operator.watches),
      onFailure: (error) => {
        this.#logger.warn('a lease was neither acquired nor renewed', { error });
      },
    });
  }

  #holder(work: ShardHolder): ShardHolder {
    const logged: ShardHolder = {
      take: (shard, how) => {
        this.#logger.debug('shard taken', { shard });
        if (!this.#isAtWork) this.#logger.info('working');
        this.#isAtWork = true;
        work.take(shard, how);
      },
      giveUp: async (shard) => {
        await work.giveUp(shard);
        this.#logger.debug('shard given up', { shard });
      },
      lose: (shard) => {
        this.#logger.warn('a shard is lost: another replica may take it', { shard });
        this.#isAtWork = this.#shards.count > 0;
        return work.lose(shard);
      },
    };
    const { leaseDurationSeconds, renewDeadlineSeconds } = this.#options.configuration.leaderElection;
    return withinLease(logged, {
      ...{ clock, leaseDurationSeconds, renewDeadlineSeconds },
      onOutlasted: (shard) => {
        this.#logger.error('work outlasts the lease of its shard: the process ends', { shard });
        this.#options.exit(1);
      },
    });
  }

  /** Ends the process after a stop in good order, with the exit code of the first call. */
  #end(exitCode: number, limits: Partial<StopLimits> = {}): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = exitCode;
    const close = async (): Promise<void> => {
      try {
        await this.#operator.shutDown(limits);
      } finally {
        await Promise.allSettled(this.#servers.map((server) => server.close()));
        this.#options.exit(exitCode);
      }
    };
    void close();
  }
}

/** The client for hosts that tenants name. It never reaches the API server, whatever a name resolves to: that one knows the operator. */
function egressClient({ configuration, environment }: OperatorProcessOptions, apiServer: string): EgressClient {
  const { outbound } = configuration;
  const lookups = new NameLookups({ resolver: new ClusterResolver(), clock });
  const proxy = outboundProxy(outbound.proxy, environment);
  const deny = [...outbound.deny, hostAndPort(apiServer)];
  return new EgressClient({ allow: outbound.allow, deny, ...(proxy === undefined ? {} : { proxy }) }, lookups);
}

/** `10.96.0.1:443`, the form of the egress client's rules. */
function hostAndPort(server: string): string {
  const { hostname, port, protocol } = new URL(server);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}
