// SPDX-License-Identifier: Apache-2.0
import type { WatchSource } from '../../kube/watch/list-watch-options.ts';
import type { AnyController } from '../../runtime/queue/controller.ts';

/** Owns the lifecycle of watches and controllers: starts them, and stops them in order. */
export interface ControllerHost {
  watch(watch: {
    readonly group: string;
    readonly version: string;
    readonly plural: string;
    readonly source: WatchSource;
  }): Promise<void>;
  run(controller: AnyController): void;
  releaseAtEnd(name: string, release: () => Promise<void>): void;
}
