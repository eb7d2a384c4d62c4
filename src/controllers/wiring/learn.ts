// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { KubeObjectReader } from '../../kube/kube-object-reader.ts';
import { KubeRunAnnotator } from '../../kube/kube-run-annotator.ts';
import { KubeTokenSource } from '../../kube/kube-token-source.ts';
import type { EgressClient } from '../../net/egress-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { RunTracing } from '../../telemetry/tracing/run-tracing.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ControllerHost } from './controller-host.ts';
import { controllerObserver, resultObserver, watchObserver } from './controller-telemetry.ts';
import { Controllers } from './controllers.ts';
import { makeContext } from './make-context.ts';
import { PolicyWitnesses } from '../policy-services/policy-witnesses.ts';
import { SEAL_SECRET, type SealKey } from '../../records/seal/seal-key.ts';
import { PolicySigners } from '../policy-services/policy-signers.ts';
import { DriverPool } from '../policy-services/driver-pool.ts';
import { takeUpSeal } from './take-up-seal.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import type { ShardHolder } from '../../kube/lease/shard-holder.ts';
import type { ControllerContext } from '../controller-context.ts';

/** Namespaces that the metrics name. */
const MAX_WAITING_NAMESPACES = 500;

export interface LearnOptions {
  readonly client: KubeClient;
  /** For hosts that tenants name. */
  readonly egress: EgressClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly host: ControllerHost;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: RunTracing;
  /** Called with the readiness check that holds from now on. */
  readonly onTrouble: (trouble: () => string | undefined) => void;
  /** True while this replica may write for a namespace. */
  readonly holds: (namespace: string) => boolean;
}

/** Learns what is there. Resolves with the work of the shards once the first lists of all watches are handled. */
export async function learn(options: LearnOptions, signal: AbortSignal): Promise<ShardHolder> {
  const { client, clock, configuration, host, logger, metrics, holds } = options;
  const seal = await takeUpSeal({ client, clock, configuration, onWait: waitReporter(options) }, signal);
  const context = processContext(options, seal);
  metrics.showRecords(() => context.records.countByReason(holds));
  metrics.showRecordBytes(() => (holds('') ? context.records.sizeBytes : 0));
  metrics.showHeldRecords(() => context.failingSeals.heldCount(holds));
  metrics.showGuardedRuns(() => context.guardedRuns.count(holds));
  metrics.showWaitingRuns(() => context.recordRoom.count(holds));
  metrics.showOldestWaiting(() => longestWaits(context, holds));
  metrics.showObjects(() => context.shownConditions.show(holds));
  options.onTrouble(() => context.failingSeals.commonProblem);
  const controllers = new Controllers({
    ...{ context, client, clock, configuration, host },
    onResult: resultObserver(logger, metrics),
    watchObserver: watchObserver(logger, metrics),
    queueObserver: (name) => metrics.queueObserver(name),
    onController: (controller) => {
      metrics.watchController(controller);
    },
  });
  await controllers.start();
  return controllers.shards;
}

/** The seconds for which the oldest waiting record of each namespace waits, of the namespaces where that is longest. */
function longestWaits(
  { records, clock }: Pick<ControllerContext, 'records' | 'clock'>,
  holds: (namespace: string) => boolean,
): ReadonlyMap<string, number> {
  const nowMs = clock.now().getTime();
  const waits = [...records.oldestWaiting(holds)].map(([namespace, atMs]): [string, number] => [
    namespace,
    Math.max(0, nowMs - atMs) / 1000,
  ]);
  return new Map(waits.toSorted(([, one], [, other]) => other - one).slice(0, MAX_WAITING_NAMESPACES));
}

/** The services and the empty memory of one process. The host closes their connections at the end. */
function processContext(options: LearnOptions, seal: SealKey): ControllerContext {
  const { client, egress, events, clock, configuration, host, logger, metrics, holds } = options;
  const objects = new KubeObjectReader({ client, clock });
  const tokens = new KubeTokenSource({ client, clock, destinations: configuration.tokens.destinations });
  const access = { objects, tokens, egress, clock };
  const drivers = new DriverPool({ ...access, annotator: new KubeRunAnnotator(client) });
  const keys = new PolicySigners({ ...access, keylessAudience: configuration.keyless.audience });
  host.releaseAtEnd('connections to backends and signers', async () => {
    await Promise.all([drivers.close(), keys.close()]);
    await egress.close();
  });
  const { logs } = configuration.transparency;
  return makeContext({
    ...{ client, events, clock, keys, drivers, access, holds },
    witnesses: new PolicyWitnesses({ access, logs, roots: new TrustedRoots(access) }),
    sealKey: seal.value,
    previousSealKey: seal.previous,
    sealing: { replaced: seal.replaces, onHold: holdReporter(options) },
    operatorNamespace: configuration.operatorNamespace,
    retention: configuration.records.retention,
    observer: controllerObserver(logger, metrics),
    tracing: options.tracing,
  });
}

function waitReporter({ logger, onTrouble }: LearnOptions): (message: string | undefined) => void {
  return (message) => {
    onTrouble(() => message);
    if (message !== undefined) logger.error('not working', { why: message });
  };
}

/** Reports that records are left alone, once, in the log and on the Secret that administrators look at. */
function holdReporter({ events, logger, configuration }: LearnOptions): (message: string | undefined) => void {
  const { operatorNamespace: namespace } = configuration;
  const regarding = { apiVersion: 'v1', kind: 'Secret', namespace, name: SEAL_SECRET, uid: '' };
  return (message) => {
    if (message === undefined) {
      logger.info('all records verify again');
      return;
    }
    logger.error('records are left alone', { why: message });
    events.record(regarding, { type: 'Warning', reason: reasons.VerificationFailed, message });
  };
}
