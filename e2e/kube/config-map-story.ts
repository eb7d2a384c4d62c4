// SPDX-License-Identifier: Apache-2.0
import { objectField, stringField } from '../../src/json/fields.ts';
import type { ListWatchHandler, ListWatchObserver, RestartEvent } from '../../src/kube/watch/list-watch-options.ts';
import type { Resource } from '../../src/kube/resource.ts';

/** The part of a ConfigMap that the tests compare: its entry `value`. */
export const configMapValues: Resource<string> = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  parse: (object) => stringField(objectField(object, 'data'), 'value') ?? '',
};

/** Writes down what a list-watch delivers. */
export class ConfigMapStory implements ListWatchHandler<string> {
  readonly lines: string[] = [];
  readonly restarts: RestartEvent[] = [];
  /** The objects that exist, according to the events that the handler received. */
  readonly state = new Map<string, string>();
  isSynced = false;
  readonly observer: ListWatchObserver = {
    restarted: (event) => this.restarts.push(event),
    failed: ({ key, error }) => this.lines.push(`failed ${key}: ${String(error)}`),
  };

  upsert(key: string, value: string): void {
    this.state.set(key, value);
    this.lines.push(`upsert ${key}=${value}`);
  }

  remove(key: string, last: string | undefined): void {
    this.state.delete(key);
    this.lines.push(`remove ${key}${last === undefined ? '' : `=${last}`}`);
  }

  synced(): void {
    this.isSynced = true;
    this.lines.push('synced');
  }

  /** The lines since the last call. */
  next(): readonly string[] {
    return this.lines.splice(0);
  }

  causes(): readonly string[] {
    return this.restarts.map(({ cause }) => cause);
  }
}

/** As `configMapValues.parse`, leaving out what the API server itself puts into every namespace. */
export function projectConfigMap(object: unknown): string | undefined {
  const name = stringField(objectField(object, 'metadata'), 'name');
  return name === 'kube-root-ca.crt' ? undefined : configMapValues.parse(object);
}
