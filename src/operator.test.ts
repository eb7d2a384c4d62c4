// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HallmarkOperator } from './operator.ts';
import type { WatchSource } from './kube/list-watch-options.ts';
import { exponentialBackoff } from './runtime/backoff.ts';
import { Controller } from './runtime/controller.ts';
import { KeyedQueue } from './runtime/keyed-queue.ts';
import { ManualClock } from './runtime/manual-clock.ts';
import type { Logger } from './telemetry/log.ts';

describe('the operator', () => {
  it('starts each watch it is given and refuses a second one of the same resource', async () => {
    const story: string[] = [];
    const operator = new HallmarkOperator({
      logger: storyLogger(story),
      shutdownGraceSeconds: 5,
      init: async (self) => {
        await self.watch({ group: 'tekton.dev', version: 'v1', plural: 'taskruns', source: source('taskruns', story) });
        await assert.rejects(
          self.watch({ group: 'tekton.dev', version: 'v1', plural: 'taskruns', source: source('taskruns', story) }),
          /taskruns\.tekton\.dev\/v1 is watched already/,
        );
      },
    });
    await operator.start();
    assert.deepEqual(story, ['start taskruns', 'info watching']);
    await operator.shutDown();
  });

  it('finishes the reconcile under way before it gives up the lease, and the connection last of all', async () => {
    const story: string[] = [];
    const clock = new ManualClock();
    const queue = new KeyedQueue({ clock, backoff: exponentialBackoff({ minMs: 1, maxMs: 1 }) });
    const work = Promise.withResolvers<undefined>();
    const operator = new HallmarkOperator({
      logger: storyLogger([]),
      shutdownGraceSeconds: 5,
      init: async (self, signal) => {
        signal.addEventListener('abort', () => story.push('stopping'));
        self.releaseAtEnd('connection', step(story, 'connection closed'));
        self.releaseAtEnd('lease', step(story, 'lease released'));
        await self.watch({ group: '', version: 'v1', plural: 'namespaces', source: source('namespaces', story) });
        self.run(
          new Controller({
            name: 'run',
            concurrency: 1,
            queue,
            clock,
            reconcile: async () => {
              await work.promise;
              story.push('reconciled');
              return {};
            },
          }),
        );
      },
    });
    await operator.start();
    queue.add('a');
    await clock.settle();
    operator.stop();
    const stopped = operator.shutDown();
    await clock.settle();
    work.resolve(undefined);
    await stopped;
    assert.deepEqual(story, [
      'start namespaces',
      'stopping',
      'stop namespaces',
      'reconciled',
      'lease released',
      'connection closed',
    ]);
  });

  it('releases what is left when one release fails, and says which one failed', async () => {
    const story: string[] = [];
    const operator = new HallmarkOperator({
      logger: storyLogger(story),
      shutdownGraceSeconds: 0,
      init: (self) => {
        self.releaseAtEnd('connection', step(story, 'connection closed'));
        self.releaseAtEnd('lease', () => Promise.reject(new Error('unreachable')));
        return Promise.resolve();
      },
    });
    await operator.start();
    await operator.shutDown();
    assert.deepEqual(story, ['info stopping', 'error release failed lease', 'connection closed', 'info stopped']);
  });

  it('tells the caller of start what init threw', async () => {
    const operator = new HallmarkOperator({
      logger: storyLogger([]),
      shutdownGraceSeconds: 0,
      init: () => Promise.reject(new Error('no CRDs')),
    });
    await assert.rejects(operator.start(), /no CRDs/);
  });
});

function step(story: string[], text: string): () => Promise<void> {
  return () => {
    story.push(text);
    return Promise.resolve();
  };
}

function source(name: string, story: string[]): WatchSource {
  return {
    name,
    synced: true,
    lastError: undefined,
    start: () => story.push(`start ${name}`),
    stop: step(story, `stop ${name}`),
    rescan: () => Promise.resolve(),
  };
}

function storyLogger(story: string[]): Logger {
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const named = typeof fields?.['name'] === 'string' ? ` ${fields['name']}` : '';
    story.push(`${level} ${message}${named}`);
  };
  const logger: Logger = {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    with: () => logger,
  };
  return logger;
}
