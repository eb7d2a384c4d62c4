// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { at, type Manifest } from '../chart/helm.ts';
import type { Cluster } from '../harness/cluster.ts';
import { cloneStepAction, loafPipeline, NAMESPACE } from './bakery-pipeline.ts';

/** The content of the shelf, by the `name` in a reference. */
const shelf: Readonly<Record<string, object>> = { clone: cloneStepAction, loaf: loafPipeline };

/** The source of an item on the shelf, as the resolver reports it to Tekton. */
export function shelfSource(name: string): {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
  readonly entryPoint: string;
} {
  const sha256 = createHash('sha256').update(JSON.stringify(shelf[name])).digest('hex');
  return { uri: `https://shelf.example.com/${name}`, digest: { sha256 }, entryPoint: `${name}.yaml` };
}

/**
 * Does the work of two controllers that Tekton leaves to others: a remote resolver, which answers ResolutionRequests from the
 * shelf, and the controller of the custom task Approval, which approves each CustomRun.
 */
export class StandIns {
  readonly #cluster: Cluster;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#running = this.#run();
  }

  /** Ends both; rejects with what went wrong in them. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await this.#answer('resolutionrequests', resolved);
      await this.#answer('customruns', approved);
      await delay(100, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
  }

  async #answer(plural: string, status: (object: Manifest) => object): Promise<void> {
    for (const object of await this.#cluster.list([plural, '-n', NAMESPACE])) {
      if (at(object, 'status', 'conditions', 0, 'status') === 'True') continue;
      const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status: status(object) })];
      await this.#cluster.kubectl(['patch', '-n', NAMESPACE, plural, String(at(object, 'metadata', 'name')), ...patch]);
    }
  }
}

function resolved(request: Manifest): object {
  const name = String(at(request, 'spec', 'params', 0, 'value'));
  const source = shelfSource(name);
  const data = Buffer.from(JSON.stringify(shelf[name])).toString('base64');
  return { data, source, refSource: source, conditions: [succeeded('Resolved')] };
}

function approved(): object {
  return {
    startTime: now(),
    completionTime: now(),
    results: [{ name: 'approver', value: 'head-baker' }],
    conditions: [succeeded('Approved')],
  };
}

function succeeded(reason: string): object {
  return { type: 'Succeeded', status: 'True', reason, message: reason, lastTransitionTime: now() };
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
