// SPDX-License-Identifier: Apache-2.0
import { knownReason, reasons } from '../../api/v1alpha1/reasons.ts';
import type { ListWatchObserver } from '../../kube/watch/list-watch-options.ts';
import type { ReconcileResult } from '../../runtime/queue/controller.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ControllerObserver } from '../controller-context.ts';

/** Logs and counts changes that the controllers made. */
export function controllerObserver(logger: Logger, metrics: Metrics): ControllerObserver {
  return {
    recordCreated({ key, isSigned, kind }) {
      if (isSigned) metrics.runSigned(kind);
      logger.info('record created', { record: key, isSigned });
    },
    recordRejected({ key, why, isDeleted }) {
      logger.warn('record rejected', { record: key, why, isDeleted });
    },
    recordRetired({ key, why }) {
      logger.info('record retired', { record: key, why });
    },
    recordChanged({ key, reason, message, isReady }) {
      if (isReady) logger.info('record ready', { record: key, reason });
      else logger.warn('record not ready', { record: key, reason, detail: message });
    },
    recordStored({ seconds }) {
      metrics.recordStored(seconds);
    },
    stored({ type, result }) {
      const reason = knownReason(result);
      metrics.storageAttempt(type, reason ?? reasons.BackendUnavailable);
    },
    witnessed({ result }) {
      metrics.witnessAttempt(result);
    },
    readBack({ type, result }) {
      metrics.verified(type, result);
    },
  };
}

/** Logs the first failure of a key in a row and then each that doubles their number, so that a long outage stays readable. */
export function resultObserver(logger: Logger, metrics: Metrics): (result: ReconcileResult) => void {
  return (result) => {
    metrics.reconciled(result);
    const { kind, failures, controller, key, error, retryAfterMs } = result;
    const isPowerOfTwo = (failures & (failures - 1)) === 0;
    if (kind === 'Failed' && isPowerOfTwo) {
      logger.warn('reconcile failed', { controller, key, failures, error, retryAfterMs });
    }
  };
}

/** Logs and counts restarts of watches. */
export function watchObserver(logger: Logger, metrics: Metrics): ListWatchObserver {
  return {
    restarted({ name, cause, error, failures, retryMs }) {
      metrics.watchRestarted({ resource: name.split(' ')[0] ?? name, cause });
      if (cause !== 'Ended' && failures <= 1) logger.warn('watch restarts', { watch: name, cause, error, retryMs });
    },
    failed({ name, key, error }) {
      logger.error('object not handled', { watch: name, key, error });
    },
  };
}
