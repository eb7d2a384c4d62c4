// SPDX-License-Identifier: Apache-2.0
import type { ControllerObserver } from './controller-context.ts';

const nothing = (): undefined => undefined;

/** Notes nothing of what controllers do. */
export const silentObserver: ControllerObserver = {
  recordCreated: nothing,
  recordRejected: nothing,
  recordRetired: nothing,
  recordChanged: nothing,
  stored: nothing,
  witnessed: nothing,
  readBack: nothing,
};
