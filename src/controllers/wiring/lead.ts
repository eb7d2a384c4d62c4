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
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ControllerHost } from './controller-host.ts';
import { controllerObserver, resultObserver, watchObserver } from './controller-telemetry.ts';
import { Controllers } from './controllers.ts';
import { makeContext } from './make-context.ts';
import { PolicyWitnesses } from '../policy-services/policy-witnesses.ts';
import { SEAL_SECRET } from '../../records/seal/seal-key.ts';
import { PolicySigners } from '../policy-services/policy-signers.ts';
import { DriverPool } from '../policy-services/driver-pool.ts';
import { takeUpSeal } from './take-up-seal.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';

export interface LeadOptions {
  readonly client: KubeClient;
  /** Towards hosts that tenants name. */
  readonly egress: EgressClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly configuration: OperatorConfiguration;
  readonly host: ControllerHost;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Has readiness ask from now on what keeps the operator from its work. */
  readonly onTrouble: (trouble: () => string | undefined) => void;
  /** Whether this replica may act now. */
  readonly isLeader: () => boolean;
}

/** Does the operator's work, from the moment that this replica leads. Resolves when all there is has been looked at once. */
export async function lead(options: LeadOptions, signal: AbortSignal): Promise<void> {
  const { client, egress, events, clock, configuration, host, logger, metrics, isLeader } = options;
  const onWait = (message: string | undefined): void => {
    options.onTrouble(() => message);
    if (message !== undefined) logger.error('not working', { why: message });
  };
  const seal = await takeUpSeal({ client, clock, configuration, onWait }, signal);
  const onHold = (message: string | undefined): void => {
    if (message === undefined) logger.info('all records verify again');
    else tellOfSeals(options, message);
  };
  const objects = new KubeObjectReader({ client, clock });
  const tokens = new KubeTokenSource({ client, clock, destinations: configuration.tokens.destinations });
  const access = { objects, tokens, egress, clock };
  const drivers = new DriverPool({ ...access, annotator: new KubeRunAnnotator(client) });
  const keys = new PolicySigners({ ...access, keylessAudience: configuration.keyless.audience });
  host.releaseAtEnd('connections to backends and signers', async () => {
    await Promise.all([drivers.close(), keys.close()]);
    await egress.close();
  });
  const witnesses = new PolicyWitnesses({
    access,
    roots: new TrustedRoots(access),
    logs: configuration.transparency.logs,
  });
  const context = makeContext({
    client,
    events,
    clock,
    keys,
    drivers,
    access,
    witnesses,
    sealKey: seal.value,
    sealing: { replaced: seal.replaces, onHold },
    operatorNamespace: configuration.operatorNamespace,
    isLeader,
    observer: controllerObserver(logger, metrics),
  });
  metrics.showRecords(() => context.records.countByReason());
  metrics.showHeldRecords(() => context.failingSeals.heldCount);
  options.onTrouble(() => context.failingSeals.problem);
  const controllers = new Controllers({
    context,
    client,
    clock,
    configuration,
    host,
    onResult: resultObserver(logger, metrics),
    watchObserver: watchObserver(logger, metrics),
    queueObserver: (name) => metrics.queueObserver(name),
    onController: (controller) => {
      metrics.watchController(controller);
    },
  });
  await controllers.start();
}

/** Says once where an administrator looks that records are left alone. */
function tellOfSeals({ events, logger, configuration }: LeadOptions, message: string): void {
  logger.error('records are left alone', { why: message });
  const namespace = configuration.operatorNamespace;
  events.record(
    { apiVersion: 'v1', kind: 'Secret', namespace, name: SEAL_SECRET, uid: '' },
    { type: 'Warning', reason: reasons.VerificationFailed, message },
  );
}
