// SPDX-License-Identifier: Apache-2.0
import { Watchdog } from './watchdog.ts';

let shared: Watchdog | undefined;

/** The one watchdog of this process: what it guards against, the end of the process, happens once per process. */
export function sharedWatchdog(): Watchdog {
  shared ??= Watchdog.start();
  return shared;
}
