// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { WaitingError } from '../../runtime/queue/waiting-error.ts';

export interface ChildRoomLimits {
  /** Bytes of the children of all PipelineRuns that are read at once. */
  readonly totalBytes: number;
  /** Bytes that the PipelineRuns of one namespace may take of them. */
  readonly namespaceBytes: number;
  /** Bytes that a namespace may take even when those of all together are used up. */
  readonly assuredBytes: number;
}

const MIB = 1024 * 1024;
const LIMITS: ChildRoomLimits = { totalBytes: 64 * MIB, namespaceBytes: 32 * MIB, assuredBytes: 4 * MIB };
const RETRY_SECONDS = 1;

/** The part of one PipelineRun. */
export interface RoomOfRun {
  /** @throws WaitingError when there is no room now */
  take(sizeBytes: number): void;
  leave(): void;
}

/**
 * The memory for children of PipelineRuns whose payloads are being made. A namespace that takes much of it leaves room for others.
 */
export class ChildRoom {
  readonly #limits: ChildRoomLimits;
  readonly #namespaces = new Map<string, number>();
  #usedBytes = 0;

  constructor(limits: ChildRoomLimits = LIMITS) {
    this.#limits = limits;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  enter(namespace: string): RoomOfRun {
    let taken = 0;
    return {
      take: (sizeBytes) => {
        if (!this.#hasRoom(namespace, sizeBytes)) {
          const message = `the children of other PipelineRuns fill the memory for them, and those of namespace ${namespace} come next`;
          throw new WaitingError(reasons.WaitingForChildren, message, RETRY_SECONDS);
        }
        this.#add(namespace, sizeBytes);
        taken += sizeBytes;
      },
      leave: () => {
        this.#add(namespace, -taken);
        taken = 0;
      },
    };
  }

  #hasRoom(namespace: string, sizeBytes: number): boolean {
    const { totalBytes, namespaceBytes, assuredBytes } = this.#limits;
    const own = (this.#namespaces.get(namespace) ?? 0) + sizeBytes;
    return own <= assuredBytes || (own <= namespaceBytes && this.#usedBytes + sizeBytes <= totalBytes);
  }

  #add(namespace: string, change: number): void {
    this.#usedBytes += change;
    const own = (this.#namespaces.get(namespace) ?? 0) + change;
    if (own === 0) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, own);
  }
}
