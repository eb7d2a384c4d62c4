// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { loadOperatorConfiguration, type OperatorConfiguration } from './config/operator-configuration.ts';
import { lead } from './controllers/lead.ts';
import { EventRecorder } from './kube/events.ts';
import { KubeClient } from './kube/kube-client.ts';
import { KubeConnection } from './kube/kube-connection.ts';
import { Lease } from './kube/lease.ts';
import { HallmarkOperator } from './operator.ts';
import { systemClock as clock } from './runtime/clock.ts';
import { healthAnswer } from './telemetry/health.ts';
import { startHttpServer } from './telemetry/http-server.ts';
import { createLogger, type Logger } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';

const VERSION: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const USER_AGENT = `hallmark/${versionOf(VERSION)}`;

/** Ends in good order on the first signal; a second one does not wait. */
function onSignals(stop: (signal: string) => void): void {
  let isStopping = false;
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      stop(name);
    });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  const configuration = await loadOperatorConfiguration(values.config);
  const logger = createLogger({ level: configuration.log.level });
  const metrics = new Metrics();
  const connection = KubeConnection.fromDefault({ clock });
  const observer = { requested: metrics.kubeRequested.bind(metrics) };
  const client = new KubeClient({ connection, clock, userAgent: USER_AGENT, observer });
  const instance = process.env['POD_NAME'] ?? hostname();
  const onDropped = (reason: string): void => {
    metrics.eventDropped(reason);
  };
  const events = new EventRecorder({ client, clock, instance, onDropped });
  let state: 'waiting' | 'learning' | 'leading' = 'waiting';
  let exitCode = 0;

  const leadership = leaderElection(configuration, client, instance);
  metrics.showLeader(leadership.isLeader);
  const operator = new HallmarkOperator({
    logger,
    shutdownGraceSeconds: configuration.shutdownGraceSeconds,
    init: async (host, signal) => {
      host.releaseAtEnd('connection to the API server', () => connection.close());
      host.releaseAtEnd('lease', () => leadership.release());
      host.releaseAtEnd('events', () => events.stop());
      await leadership.acquire(signal, logger);
      state = 'learning';
      logger.info('leading', { instance });
      const { isLeader } = leadership;
      await lead({ client, events, clock, configuration, host, logger, metrics, isLeader }, signal);
      state = 'leading';
      logger.info('working');
    },
  });
  leadership.onLost(() => {
    logger.error('the lease is lost: another replica takes over', { instance });
    exitCode = 1;
    end();
  });
  const servers = await serve(configuration, metrics, () =>
    state === 'learning' ? 'still reading what is there' : undefined,
  );
  let isEnding = false;
  function end(): void {
    if (isEnding) return;
    isEnding = true;
    operator
      .shutDown()
      .catch((error: unknown) => {
        logger.error('the operator did not stop in good order', { error });
        exitCode = 1;
      })
      .finally(() => {
        void Promise.allSettled(servers.map((server) => server.close())).then(() => process.exit(exitCode));
      });
  }
  onSignals((signal) => {
    logger.info('signal received', { signal });
    end();
  });
  logger.info('starting', { version: USER_AGENT, instance, namespaces: configuration.watchNamespaces });
  await operator.start().catch((error: unknown) => {
    if (isEnding) return;
    logger.error('the operator cannot start', { error });
    exitCode = 1;
    end();
  });
}

interface Leadership {
  readonly isLeader: () => boolean;
  readonly acquire: (signal: AbortSignal, logger: Logger) => Promise<void>;
  readonly release: () => Promise<void>;
  readonly onLost: (listener: () => void) => void;
}

/** Without leader election the one replica leads from the start to the end. */
function leaderElection(configuration: OperatorConfiguration, client: KubeClient, instance: string): Leadership {
  const { enabled, leaseName, ...timing } = configuration.leaderElection;
  if (!enabled) {
    return { isLeader: () => true, acquire: async () => {}, release: async () => {}, onLost: () => {} };
  }
  const acquired = Promise.withResolvers<undefined>();
  const listeners: (() => void)[] = [];
  let failures: (error: unknown) => void = () => {};
  let isReleasing = false;
  const lease = new Lease({
    client,
    clock,
    namespace: configuration.operatorNamespace,
    name: leaseName,
    identity: `${instance}_${randomUUID()}`,
    ...timing,
    observer: {
      acquired: () => {
        acquired.resolve(undefined);
      },
      lost: () => {
        if (!isReleasing) for (const listener of listeners) listener();
      },
      failed: (error) => {
        failures(error);
      },
    },
  });
  return {
    isLeader: () => lease.held(),
    onLost: (listener) => {
      listeners.push(listener);
    },
    acquire: async (signal, logger) => {
      failures = (error) => {
        logger.warn('the lease was neither acquired nor renewed', { lease: leaseName, error });
      };
      lease.start();
      logger.info('waiting for the lease', { lease: leaseName });
      const stopped = Promise.withResolvers<undefined>();
      signal.addEventListener('abort', () => {
        stopped.reject(signal.reason);
      });
      await Promise.race([acquired.promise, stopped.promise]);
    },
    release: async () => {
      isReleasing = true;
      await lease.stop();
    },
  };
}

/** Probes and metrics; a port can be moved by `HALLMARK_PORT_<port>` where several replicas share one address. */
async function serve(
  { http }: OperatorConfiguration,
  metrics: Metrics,
  readiness: () => string | undefined,
): Promise<readonly { close(): Promise<void> }[]> {
  const moved = (port: number): number => Number(process.env[`HALLMARK_PORT_${port}`] ?? port);
  const health = await startHttpServer({
    host: http.host,
    port: moved(http.port),
    routes: {
      '/livez': () => healthAnswer('livez', {}),
      '/readyz': () => healthAnswer('readyz', { controllers: readiness }),
    },
  });
  const scrape = await startHttpServer({
    host: http.host,
    port: moved(http.metricsPort),
    routes: {
      '/metrics': async () => ({ status: 200, ...(await metrics.render()) }),
    },
  });
  return [health, scrape];
}

function versionOf(manifest: unknown): string {
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
}

main().catch((error: unknown) => {
  process.stderr.write(`hallmark: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
