// SPDX-License-Identifier: Apache-2.0
import type { Supervisor } from '../processes/supervisor.ts';
import { Fulcio, type FulcioOptions } from './fulcio.ts';
import { RekorV1 } from './rekor-v1.ts';
import { RekorV2 } from './rekor-v2.ts';
import { TimestampAuthority } from './timestamp-authority.ts';
import { trustedRoot } from './trusted-root.ts';

/** Which of sigstore's servers to start. */
export interface SigstoreOptions {
  readonly fulcio?: FulcioOptions;
  readonly rekorV1?: boolean;
  readonly rekorV2?: boolean;
  readonly timestampAuthority?: boolean;
}

interface Parts {
  readonly fulcio?: Fulcio;
  readonly rekorV1?: RekorV1;
  readonly rekorV2?: RekorV2;
  readonly timestampAuthority?: TimestampAuthority;
}

/** sigstore's servers side by side, and the trusted root for exactly them. They end with the supervisor. */
export class SigstoreStack {
  /** The `trusted_root.json`. */
  readonly trustedRoot: string;
  readonly #parts: Parts;

  private constructor(parts: Parts, root: string) {
    this.#parts = parts;
    this.trustedRoot = root;
  }

  /** Builds what is missing and starts what is asked for. */
  static async start(supervisor: Supervisor, options: SigstoreOptions): Promise<SigstoreStack> {
    const [fulcio, rekorV1, rekorV2, timestampAuthority] = await Promise.all([
      options.fulcio === undefined ? undefined : Fulcio.start(supervisor, options.fulcio),
      options.rekorV1 === true ? RekorV1.start(supervisor) : undefined,
      options.rekorV2 === true ? RekorV2.start(supervisor) : undefined,
      options.timestampAuthority === true ? TimestampAuthority.start(supervisor) : undefined,
    ]);
    const parts: Parts = {
      ...(fulcio === undefined ? {} : { fulcio }),
      ...(rekorV1 === undefined ? {} : { rekorV1 }),
      ...(rekorV2 === undefined ? {} : { rekorV2 }),
      ...(timestampAuthority === undefined ? {} : { timestampAuthority }),
    };
    return new SigstoreStack(parts, await trustedRoot(parts));
  }

  get fulcio(): Fulcio {
    return required(this.#parts.fulcio, 'fulcio');
  }

  get rekorV1(): RekorV1 {
    return required(this.#parts.rekorV1, 'rekorV1');
  }

  get rekorV2(): RekorV2 {
    return required(this.#parts.rekorV2, 'rekorV2');
  }

  get timestampAuthority(): TimestampAuthority {
    return required(this.#parts.timestampAuthority, 'timestampAuthority');
  }

  /** The `127.0.0.1:port` of every server, for what may be connected to. */
  get hosts(): readonly string[] {
    const { fulcio, rekorV1, rekorV2, timestampAuthority } = this.#parts;
    return [fulcio, rekorV1, rekorV2, timestampAuthority].flatMap((part) =>
      part === undefined ? [] : [part.server.host],
    );
  }
}

function required<Part>(part: Part | undefined, name: string): Part {
  if (part === undefined) throw new Error(`this stack was started without ${name}`);
  return part;
}
