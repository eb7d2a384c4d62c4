// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../credentials/access.ts';

/** Access of signers to everything outside the process. The process has one. */
export interface SigningContext extends Access {
  /** Audience of the tokens that certificate authorities take. */
  readonly keylessAudience: string;
}
