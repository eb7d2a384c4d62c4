// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { type ShareLimits, Shares } from '../../runtime/shares.ts';
import { WaitingError } from '../../runtime/queue/waiting-error.ts';

const MIB = 1024 * 1024;
/** The bytes of the children of PipelineRuns, whose tenants are namespaces. */
const LIMITS: ShareLimits = { total: 64 * MIB, perTenant: 32 * MIB, assured: 4 * MIB };
const RETRY_SECONDS = 1;

/** The part of one PipelineRun. */
export interface RoomOfRun {
  /** @throws WaitingError when there is no room now */
  readonly take: (sizeBytes: number) => void;
  /** Gives a part of it back. */
  readonly give: (sizeBytes: number) => void;
  readonly leave: () => void;
}

/**
 * The memory for children of PipelineRuns whose payloads are being made. A namespace that takes much of it leaves room for others.
 */
export class ChildRoom {
  readonly #shares: Shares;

  constructor(limits: ShareLimits = LIMITS) {
    this.#shares = new Shares(limits);
  }

  get usedBytes(): number {
    return this.#shares.total;
  }

  enter(namespace: string): RoomOfRun {
    let taken = 0;
    const give = (sizeBytes: number): void => {
      this.#shares.add(namespace, -sizeBytes);
      taken -= sizeBytes;
    };
    return {
      take: (sizeBytes) => {
        if (!this.#shares.fits(namespace, sizeBytes)) {
          const message = `the children of other PipelineRuns fill the memory for them, and those of namespace ${namespace} come next`;
          throw new WaitingError(reasons.WaitingForChildren, message, RETRY_SECONDS);
        }
        this.#shares.add(namespace, sizeBytes);
        taken += sizeBytes;
      },
      give,
      leave: () => {
        give(taken);
      },
    };
  }
}
