// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { EgressError } from '../../net/egress-error.ts';

export interface BodyCaps {
  /** Bytes. */
  readonly limit: number;
  /** Of the whole exchange; ends the body by itself. */
  readonly timeout: AbortSignal;
  /** For the message. */
  readonly host: string;
}

/** The same body, which fails when it grows too long or takes too much time, and then takes its connection along. */
export function cappedBody(body: Readable, { limit, timeout, host }: BodyCaps): Readable {
  async function* counted(): AsyncGenerator<Buffer> {
    let size = 0;
    try {
      for await (const chunk of body) {
        const bytes = Buffer.from(chunk);
        size += bytes.length;
        if (size > limit) throw new EgressError('ResponseTooLarge', `${host} answers with more than ${limit} bytes`);
        yield bytes;
      }
    } catch (error) {
      if (error instanceof EgressError) throw error;
      if (timeout.aborted) throw new EgressError('Timeout', `${host} did not finish its answer in time`);
      throw new EgressError('Unreachable', `${host} broke off its answer`);
    } finally {
      body.destroy();
    }
  }
  return Readable.from(counted(), { objectMode: false });
}
