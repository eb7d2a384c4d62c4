// SPDX-License-Identifier: Apache-2.0

/** One request that changes something, as it came through a proxy. */
export interface WriteRequest {
  readonly server: 'API' | 'registry';
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly body: Buffer;
}

/** The progress of a write: not sent to the server yet, or carried out by the server and not answered. */
export type Moment = 'Unsent' | 'Unanswered';

/** Hears of each moment of each write; a write goes on only when this resolves to true. */
export type WriteGate = (write: WriteRequest, moment: Moment) => Promise<boolean>;

/** All writes that pass proxies, in the order in which they arrive, and where they can be stopped. */
export class WriteJournal {
  /** The writes that reached a server. */
  readonly forwarded: WriteRequest[] = [];
  gate: WriteGate = () => Promise.resolve(true);

  async passes(write: WriteRequest, moment: Moment): Promise<boolean> {
    const goesOn = await this.gate(write, moment);
    if (goesOn && moment === 'Unsent') this.forwarded.push(write);
    return goesOn;
  }
}
