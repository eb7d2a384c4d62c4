// SPDX-License-Identifier: Apache-2.0

/** A file of this name in a testbed's folder asks the watchdog to leave the logs where they are. */
export const keepMarker = 'keep-logs';
