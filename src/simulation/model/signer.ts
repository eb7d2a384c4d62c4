// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign } from 'node:crypto';
import type { RunSigner } from '../../signing/run-signer.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { SigningSource } from '../../signing/signing-source.ts';
import { sshKeyID } from '../../signing/ssh-key-id.ts';
import type { Life } from '../life.ts';
import type { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import type { VirtualTime } from '../virtual-time.ts';

/** Faults of a signing service. */
export interface SignerFaults {
  readonly maxDelayMs: number;
  /** The chance that a request fails. */
  readonly failing: number;
}

export interface ModelSignerOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly faults: () => SignerFaults;
}

const TIMEOUT_MS = 30_000;

/** One key for all worlds, since generating a key takes longer than playing a small world. Ed25519 is deterministic. */
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const identity = {
  keyID: sshKeyID(publicKey),
  publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
};

/** The signing service of one policy. */
export class ModelSigner {
  readonly #options: ModelSignerOptions;
  #downUntilMs = 0;
  #hangsUntilMs = 0;

  constructor(options: ModelSignerOptions) {
    this.#options = options;
  }

  get isWell(): boolean {
    const { nowMs } = this.#options.time;
    return this.#downUntilMs <= nowMs && this.#hangsUntilMs <= nowMs;
  }

  goDown(ms: number): void {
    this.#downUntilMs = this.#options.time.nowMs + ms;
  }

  hang(ms: number): void {
    this.#hangsUntilMs = this.#options.time.nowMs + ms;
  }

  /** Returns the signing source for one life of the operator. */
  source(life: Life): SigningSource {
    const active = identity;
    return {
      signer: async (signal): Promise<RunSigner> => {
        await this.#reach(life, signal);
        return {
          ...identity,
          sign: async (data) => {
            await this.#reach(life, signal);
            const key = { $case: 'publicKey', publicKey: identity.publicKey, hint: '' } as const;
            return { signature: sign(null, data, privateKey), key };
          },
        };
      },
      check: async (signal) => {
        await this.#reach(life, signal);
        return { active, retired: [] };
      },
      close: () => Promise.resolve(),
    };
  }

  async #reach(life: Life, signal: AbortSignal): Promise<void> {
    const { time, random, faults } = this.#options;
    const { maxDelayMs, failing } = faults();
    const hangsMs = Math.max(0, this.#hangsUntilMs - time.nowMs);
    await life.clock.sleep(Math.min(hangsMs, TIMEOUT_MS) + random.between(0, maxDelayMs), signal);
    if (hangsMs > TIMEOUT_MS || this.#downUntilMs > time.nowMs || random.chance(failing))
      throw new SigningError('SignerUnavailable', 'the signing service did not answer; it is asked again');
  }
}
