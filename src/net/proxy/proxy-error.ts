// SPDX-License-Identifier: Apache-2.0
import { EgressError, type EgressReason } from '../egress-error.ts';

export interface ProxyErrorOptions extends ErrorOptions {
  readonly isAboutAddress?: boolean;
}

/** A target that was not reached because of the proxy. The message names the proxy or its settings, and what to change. */
export class ProxyError extends EgressError {
  /** True if the proxy took the request and did not reach this one address. */
  readonly isAboutAddress: boolean;

  constructor(reason: EgressReason, message: string, { isAboutAddress = false, ...options }: ProxyErrorOptions) {
    super(reason, message, options);
    this.isAboutAddress = isAboutAddress;
  }
}
