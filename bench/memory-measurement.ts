// SPDX-License-Identifier: Apache-2.0
// Prints the bytes of the heap that the operator uses once it has learnt a cluster: `node --expose-gc bench/memory-measurement.ts RUNS RECORDS`.
import { parseOperatorConfiguration } from '../src/config/operator-configuration.ts';
import { startingHost } from '../src/controllers/fixtures/starting-host.fixture.ts';
import { learn } from '../src/controllers/wiring/learn.ts';
import { SoleReplica } from '../src/kube/lease/sole-replica.ts';
import { EventRecorder } from '../src/kube/events.ts';
import { KubeClient } from '../src/kube/kube-client.ts';
import { KubeError } from '../src/kube/kube-error.ts';
import type { TransportRequest } from '../src/kube/kube-transport.ts';
import { parsePreciseJson } from '../src/json/precise-json.ts';
import { EgressClient } from '../src/net/egress-client.ts';
import { systemClock as clock } from '../src/runtime/clock.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { Metrics } from '../src/telemetry/metrics.ts';
import { untraced } from '../src/telemetry/tracing/run-tracing.ts';
import { FullClusterApi } from './full-cluster.ts';

const [runs = 0, records = 0] = process.argv.slice(2).map(Number);
const api = new FullClusterApi({ runs, records });

/** Answers without a server, as JSON that is parsed like an answer of one. */
const transport = {
  json: (request: TransportRequest): Promise<unknown> => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) query.set(name, String(value));
    const answer = request.verb === 'get' || request.verb === 'list' ? api.answer(request.path, query) : undefined;
    if (answer === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: request.target });
    return Promise.resolve(parsePreciseJson(answer));
  },
  /** A watch without events. */
  stream: (): Promise<AsyncIterable<unknown>> =>
    Promise.resolve({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }),
};
const connection = {
  server: 'https://model.invalid',
  endpoint: () => Promise.reject(new Error('there are no connections')),
  invalidate: () => undefined,
  maxConnections: 32,
};

const file = {
  apiVersion: 'config.hallmark.dev/v1alpha1',
  kind: 'OperatorConfiguration',
  operatorNamespace: 'hallmark-system',
};
const client = new KubeClient({ connection, clock, userAgent: 'hallmark/bench', transport });
const shards = await learn(
  {
    client,
    egress: new EgressClient(),
    events: new EventRecorder({ client, clock, instance: 'bench' }),
    clock,
    configuration: parseOperatorConfiguration(JSON.stringify(file), 'the bench', {}),
    host: startingHost(),
    logger: createLogger({ level: 'error' }),
    metrics: new Metrics(),
    tracing: untraced,
    onTrouble: () => undefined,
    holds: () => true,
  },
  new AbortController().signal,
);
new SoleReplica().start(shards);
for (let pass = 0; pass < 8; pass += 1) {
  await clock.sleep(100);
  gc?.();
}
const { heapUsed, external } = process.memoryUsage();
console.log(heapUsed + external);
process.exit(0);
