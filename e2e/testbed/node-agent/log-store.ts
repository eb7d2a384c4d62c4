// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from './pod.ts';

interface LogFile {
  readonly namespace: string;
  readonly pod: string;
  readonly path: string;
}

/** The output of every container that ever ran, deleted pods included, in files of one folder. */
export class LogStore {
  readonly directory: string;
  readonly #files = new Map<string, LogFile>();

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.directory = directory;
  }

  /** The file for one life of a container. */
  file(pod: Pod, container: string, restart: number): string {
    const { namespace, name, uid } = pod.metadata;
    const path = join(this.directory, `${namespace}_${name}_${uid.slice(0, 8)}_${container}_${restart}.log`);
    this.#files.set(path, { namespace, pod: name, path });
    appendFileSync(path, '');
    return path;
  }

  /** The output of all containers of the pods with this name or prefix, the oldest first. */
  read(namespace: string, podPrefix: string): string {
    return [...this.#files.values()]
      .filter((file) => file.namespace === namespace && file.pod.startsWith(podPrefix))
      .map(({ path }) => readFileSync(path, 'utf8'))
      .join('');
  }
}
