// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { loadOperatorConfiguration } from './config/operator-configuration.ts';
import { lead } from './controllers/wiring/lead.ts';
import { EventRecorder } from './kube/events.ts';
import { KubeClient } from './kube/kube-client.ts';
import { KubeConnection } from './kube/kube-connection.ts';
import { Leadership } from './kube/lease/leadership.ts';
import { ClusterResolver } from './net/lookup/cluster-resolver.ts';
import { NameLookups } from './net/lookup/name-lookups.ts';
import { EgressClient } from './net/egress-client.ts';
import { HallmarkOperator, type StopLimits } from './operator.ts';
import { packageVersion } from './package-version.ts';
import { systemClock as clock } from './runtime/clock.ts';
import { EventLoopWatchdog } from './runtime/event-loop-watchdog.ts';
import { startEndpoints } from './telemetry/endpoints.ts';
import { createLogger } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  const configuration = await loadOperatorConfiguration(values.config);
  const instance = process.env['POD_NAME'] ?? hostname();
  const logger = createLogger({ level: configuration.log.level });
  // A process that is blocked for so long holds no Lease any more, and could not give up what it does.
  const watchdog = new EventLoopWatchdog({
    limitMs: configuration.leaderElection.leaseDurationSeconds * 1000,
    fields: { instance },
  });
  const metrics = new Metrics();
  const connection = KubeConnection.fromDefault({ clock });
  const observer = { requested: metrics.kubeRequested.bind(metrics) };
  const client = new KubeClient({ connection, clock, userAgent: `hallmark/${packageVersion()}`, observer });
  // The API server knows the operator: no tenant may send it there, whatever the registry's name resolves to.
  const deny = [...configuration.outbound.deny, hostAndPort(connection.server)];
  const lookups = new NameLookups({ resolver: new ClusterResolver(), clock });
  const egress = new EgressClient({ allow: configuration.outbound.allow, deny }, lookups);
  const onDropped = metrics.eventDropped.bind(metrics);
  const events = new EventRecorder({ client, clock, instance, onDropped });

  let isLearning = false;
  let ending: Promise<void> | undefined;
  const end = (exitCode: number, limits: Partial<StopLimits> = {}): void => {
    process.exitCode ??= exitCode;
    ending ??= operator.shutDown(limits).finally(async () => {
      await Promise.allSettled(servers.map((server) => server.close()));
      process.exit();
    });
  };
  const leadership = new Leadership({
    client,
    clock,
    instance,
    namespace: configuration.operatorNamespace,
    election: configuration.leaderElection,
    onLost: () => {
      logger.error('the lease is lost: another replica takes over', { instance });
      // Another replica may begin when the Lease runs out: by then nothing of this one may go on.
      const { leaseDurationSeconds, renewDeadlineSeconds } = configuration.leaderElection;
      const abortedSeconds = leaseDurationSeconds - renewDeadlineSeconds;
      void clock.sleep(abortedSeconds * 1000).then(() => process.exit(1));
      end(1, { graceSeconds: 0, abortedSeconds });
    },
    onFailure: (error) => {
      logger.warn('the lease was neither acquired nor renewed', { error });
    },
  });
  metrics.showLeader(() => leadership.isLeader);
  const operator = new HallmarkOperator({
    logger,
    shutdownGraceSeconds: configuration.shutdownGraceSeconds,
    abortedSeconds: configuration.leaderElection.leaseDurationSeconds,
    init: async (host, signal) => {
      host.releaseAtEnd('connection to the API server', () => connection.close());
      host.releaseWhenIdle('lease', () => leadership.release());
      host.releaseAtEnd('events', () => events.stop());
      logger.info('waiting for the lease', { lease: configuration.leaderElection.leaseName });
      await leadership.acquire(signal);
      isLearning = true;
      logger.info('leading', { instance });
      const isLeader = (): boolean => leadership.isLeader;
      const onTrouble = (next: typeof trouble): void => {
        trouble = next;
      };
      await lead({ onTrouble, client, egress, events, clock, configuration, host, logger, metrics, isLeader }, signal);
      isLearning = false;
      logger.info('working');
    },
  });
  let trouble: () => string | undefined = () => undefined;
  const controllers = (): string | undefined => trouble() ?? (isLearning ? 'still reading what is there' : undefined);
  const servers = await startEndpoints({
    http: configuration.http,
    metrics,
    liveness: { watchdog: () => watchdog.problem },
    readiness: { controllers },
    environment: process.env,
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Whoever asks twice does not want to wait.
      if (ending !== undefined) process.exit(1);
      logger.info('signal received', { signal });
      end(0);
    });
  }
  logger.info('starting', { version: packageVersion(), instance, namespaces: configuration.watchNamespaces });
  try {
    await operator.start();
  } catch (error) {
    if (ending !== undefined) return;
    logger.error('the operator cannot start', { error });
    end(1);
  }
}

/** `10.96.0.1:443`, as rules of the egress client write it. */
function hostAndPort(server: string): string {
  const { hostname, port, protocol } = new URL(server);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}

main().catch((error: unknown) => {
  process.stderr.write(`hallmark: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
