// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, runCommand } from '../testbed/processes/run-command.ts';
import { installedHallmark } from './installed-hallmark.ts';

/** A cluster of the user's, reached with the kubectl on the PATH and one context of their kubeconfig. */
export class UserCluster {
  readonly #context: string;
  #kubeconfig = '';

  constructor(context: string) {
    this.#context = context;
  }

  async kubectl(args: readonly string[], stdin = ''): Promise<string> {
    const { stdout } = await runCommand('kubectl', ['--context', this.#context, ...args], {
      env: environment(),
      stdin,
      timeoutSeconds: 300,
    });
    return stdout;
  }

  /** @throws Error with the remedy when the cluster cannot be reached or does not run Tekton */
  async requireTekton(): Promise<void> {
    this.#kubeconfig = await this.kubectl(['config', 'view', '--minify', '--flatten', '--raw']);
    if (await this.exists('customresourcedefinition', 'taskruns.tekton.dev')) return;
    throw new Error(`the cluster of context ${this.#context} has no Tekton Pipelines: install it first`);
  }

  /** @throws Error with the remedy when a Hallmark is installed: it and that of the demo would undo each other's records */
  async requireNoHallmark(): Promise<void> {
    const list = async (kind: string, ...more: readonly string[]): Promise<unknown> =>
      JSON.parse(await this.kubectl(['get', kind, ...more, '-o', 'json']));
    const leases = await list('leases', '-A');
    const admissionPolicies = await list('validatingadmissionpolicies');
    const trace = installedHallmark({ leases, admissionPolicies }, new Date());
    if (trace === undefined) return;
    const remedy = 'follow docs/getting-started.md with the installed one, or run the demo on another cluster';
    throw new Error(`Hallmark is installed in the cluster of context ${this.#context}: ${trace}; ${remedy}`);
  }

  async exists(kind: string, name: string): Promise<boolean> {
    try {
      await this.kubectl(['get', kind, name]);
      return true;
    } catch (error) {
      if (error instanceof CommandFailed && error.stderr.includes('NotFound')) return false;
      throw error;
    }
  }

  async apply(objects: readonly object[]): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  /** Waits for one object, or with a plural for all of a namespace, once there is one. */
  async wait(namespace: string, what: string, condition: string, timeoutSeconds: number): Promise<void> {
    const target = what.includes('/') ? [what] : [what, '--all'];
    const timeout = `--timeout=${timeoutSeconds}s`;
    if (what.includes('/')) await this.kubectl(['wait', '-n', namespace, ...target, '--for=create', timeout]);
    await this.kubectl(['wait', '-n', namespace, ...target, `--for=${condition}`, timeout]);
  }

  /** The context alone, as a file for the operator. */
  writeKubeconfig(folder: string): string {
    const path = join(folder, 'kubeconfig');
    writeFileSync(path, this.#kubeconfig, { mode: 0o600 });
    return path;
  }
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
