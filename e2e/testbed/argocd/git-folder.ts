// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCommand } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** A git repository in a folder of this machine, with one branch, `main`. */
export class GitFolder {
  /** `file:///…`. */
  readonly url: string;
  readonly #path: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(supervisor: Supervisor, name: string) {
    this.#path = supervisor.dataDirectory(name);
    this.url = pathToFileURL(this.#path).href;
    const author = { NAME: 'Testbed', EMAIL: 'testbed@hallmark.dev' };
    const identity = Object.entries(author).flatMap(([key, value]) =>
      ['AUTHOR', 'COMMITTER'].map((role) => [`GIT_${role}_${key}`, value] as const),
    );
    this.#env = { ...supervisor.environment(), ...Object.fromEntries(identity) };
  }

  /** An empty one. */
  static async create(supervisor: Supervisor, name: string): Promise<GitFolder> {
    const folder = new GitFolder(supervisor, name);
    await folder.#git('init', '--quiet', '--initial-branch=main');
    return folder;
  }

  /** Copies a folder of this machine into it. */
  copy(from: string, path: string): void {
    cpSync(from, join(this.#path, path), { recursive: true });
  }

  /** Writes a file. */
  write(path: string, text: string): void {
    const file = join(this.#path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Removes a file or a folder. */
  remove(path: string): void {
    rmSync(join(this.#path, path), { recursive: true });
  }

  /** Commits everything as it stands. @returns the commit */
  async commit(message: string): Promise<string> {
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', '--message', message);
    return (await this.#git('rev-parse', 'HEAD')).trim();
  }

  async #git(...args: string[]): Promise<string> {
    return (await runCommand('git', args, { cwd: this.#path, env: this.#env })).stdout;
  }
}
