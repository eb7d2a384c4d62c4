// SPDX-License-Identifier: Apache-2.0
import type { OutboundDoor } from '../net/outbound-door.ts';
import type { ObjectReader } from './object-reader.ts';
import type { RunAnnotator } from './tekton/run-annotator.ts';

/** What drivers reach the world through. One for the process. */
export interface DriverContext {
  readonly objects: ObjectReader;
  readonly annotator: RunAnnotator;
  readonly door: OutboundDoor;
  /** After which a `put` that reaches out gives up until it is tried again. Default 120 s. */
  readonly putTimeoutMs?: number;
}
