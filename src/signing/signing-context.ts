// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../credentials/access.ts';

/** What signers reach the world through. One for the process. */
export interface SigningContext extends Access {
  /** Audience of the tokens that certificate authorities take. */
  readonly keylessAudience: string;
}
