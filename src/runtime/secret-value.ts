// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** Secret material that no log, template string, JSON document or stack trace shows. */
export class SecretValue {
  readonly #bytes: Uint8Array;

  constructor(value: Uint8Array | string) {
    this.#bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  }

  /** The material itself, for the one call that needs it. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** The material as UTF-8 text. */
  revealText(): string {
    return Buffer.from(this.#bytes).toString('utf8');
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
