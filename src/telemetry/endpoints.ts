// SPDX-License-Identifier: Apache-2.0
import { type HealthCheck, healthAnswer } from './health.ts';
import { type RunningHttpServer, startHttpServer } from './http-server.ts';
import type { Metrics } from './metrics.ts';

export interface EndpointOptions {
  readonly http: { readonly host: string; readonly port: number; readonly metricsPort: number };
  readonly metrics: Metrics;
  readonly liveness: Readonly<Record<string, HealthCheck>>;
  readonly readiness: Readonly<Record<string, HealthCheck>>;
  /** `HALLMARK_PORT_<port>` moves a port where several replicas share one address. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Serves the probes and the metrics until the servers are closed. */
export async function startEndpoints(options: EndpointOptions): Promise<readonly RunningHttpServer[]> {
  const { http, metrics, liveness, readiness, environment } = options;
  const moved = (port: number): number => Number(environment[`HALLMARK_PORT_${port}`] ?? port);
  const probes = await startHttpServer({
    host: http.host,
    port: moved(http.port),
    routes: { '/livez': () => healthAnswer('livez', liveness), '/readyz': () => healthAnswer('readyz', readiness) },
  });
  const scrape = await startHttpServer({
    host: http.host,
    port: moved(http.metricsPort),
    routes: { '/metrics': async () => ({ status: 200, ...(await metrics.render()) }) },
  });
  return [probes, scrape];
}
