// SPDX-License-Identifier: Apache-2.0
import { EgressError } from '../egress-error.ts';

/** A target that was not reached because of the proxy. The message names the proxy or its settings, and what to change. */
export class ProxyError extends EgressError {}
