// SPDX-License-Identifier: Apache-2.0
import type { TransparencyLogEntry } from '@sigstore/bundle';

/** One signature with everything attached to it, parsed but not yet verified. */
export interface Material {
  /** `Envelope`: the DSSE pre-authentication encoding is signed. `Raw`: the payload itself is signed, as a simple signing. */
  readonly form: 'Envelope' | 'Raw';
  /** The payload's media type, as stated by the envelope. */
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** The signing certificate, DER; absent if a key signed. Its issuers come only from the trusted root. */
  readonly certificate?: Buffer;
  readonly logEntries: readonly TransparencyLogEntry[];
  /** RFC 3161 responses, DER. */
  readonly timestamps: readonly Buffer[];
}

export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
export const SIMPLE_SIGNING_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
