// SPDX-License-Identifier: Apache-2.0
import type { TransparencyLogEntry } from '@sigstore/bundle';

/** One signature with all that came with it, taken apart and not believed yet. */
export interface Material {
  /** `Envelope`: signed in its DSSE pre-authentication encoding. `Raw`: the payload itself is signed, a simple signing. */
  readonly form: 'Envelope' | 'Raw';
  /** Media type of the payload, as the envelope states it. */
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** The signing certificate, DER; absent where a key signed. Certificates above it are taken from the trusted root alone. */
  readonly certificate?: Buffer;
  readonly logEntries: readonly TransparencyLogEntry[];
  /** RFC 3161 responses, DER. */
  readonly timestamps: readonly Buffer[];
}

export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
export const SIMPLE_SIGNING_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
