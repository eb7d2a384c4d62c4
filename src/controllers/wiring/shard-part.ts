// SPDX-License-Identifier: Apache-2.0
import type { Controller } from '../../runtime/queue/controller.ts';
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { type Shard, shardOf } from '../../runtime/shards/shard.ts';

/** One controller's part of the work of a shard. */
export interface ShardPart {
  /** Takes the keys of the shard out of the queue that it does not admit any more. */
  removeRefused(shard: Shard): void;
  abort(shard: Shard, why: string): void;
  /** Resolves once no key of the shard is being reconciled or waits. */
  ended(shard: Shard): Promise<void>;
}

export interface ShardPartOptions<Key extends string> {
  readonly controller: Controller<Key>;
  /** Undefined for a key that concerns all shards. */
  readonly namespaceOf: (key: Key) => string | undefined;
  readonly admits: (key: Key) => boolean;
  /** The lanes in which keys wait for their turn. */
  readonly lanes?: WorkerLanes<Key> | undefined;
}

/** The part of a controller. Work that belongs to no namespace goes on elsewhere: it is only waited for. */
export function shardPart<Key extends string>(options: ShardPartOptions<Key>): ShardPart {
  const { controller, namespaceOf, admits, lanes } = options;
  const isOf = (shard: Shard, key: Key): boolean => {
    const namespace = namespaceOf(key);
    return namespace !== undefined && shardOf(namespace) === shard;
  };
  return {
    removeRefused(shard) {
      const isRefused = (key: Key): boolean => isOf(shard, key) && !admits(key);
      controller.queue.removeAll(isRefused);
      lanes?.removeAll((key) => isRefused(key) && !controller.queue.isProcessing(key));
    },
    abort(shard, why) {
      controller.abort((key) => isOf(shard, key), why);
    },
    ended(shard) {
      return controller.until(() => {
        const isToDo = (key: Key): boolean => isOf(shard, key) && namespaceOf(key) !== '' && admits(key);
        return (
          !controller.queue.some(isToDo) &&
          lanes?.some(isToDo) !== true &&
          !controller.queue.isProcessingAny((key) => isOf(shard, key))
        );
      });
    },
  };
}
