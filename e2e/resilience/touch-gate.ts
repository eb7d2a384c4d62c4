// SPDX-License-Identifier: Apache-2.0
import { isReadyStatus } from './kill-gate.ts';
import type { WriteGate, WriteRequest } from './write-journal.ts';

/** Changes the record of this name, to another content each time, as a user may. */
export type TouchRecord = (name: string) => Promise<unknown>;

/**
 * A gate that has another user change a record around the operator's writes to it: before the first write of its evidence, of its status
 * and of the status that says Ready, each of which is then refused as one to an older version, and before the answer to any of its writes,
 * so that the record has a later version already when the operator hears of its own.
 */
export class TouchGate {
  readonly #touch: TouchRecord;
  readonly #refused = new Set<string>();

  constructor(touch: TouchRecord) {
    this.#touch = touch;
  }

  readonly gate: WriteGate = async (write, moment) => {
    const name = recordOf(write);
    if (name === undefined) return true;
    const what = `${write.method} ${write.path} ${String(isReadyStatus(write))}`;
    if (moment === 'Unanswered' || !this.#refused.has(what)) await this.#touch(name);
    this.#refused.add(what);
    return true;
  };
}

/** The name of the record that a write replaces; undefined for one that replaces none. */
function recordOf({ path }: WriteRequest): string | undefined {
  return /\/provenancerecords\/([^/]+)(?:\/status)?$/.exec(path)?.[1];
}
