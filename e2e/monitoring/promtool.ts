// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { at, listAt, type Manifest, manifests } from '../chart/helm.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';

/** A series of values, one a minute. */
export interface Series {
  readonly series: string;
  /** In promtool's notation. */
  readonly values: string;
}

/** A folder for what promtool reads, and promtool. */
export class PromtoolFolder {
  readonly #path = mkdtempSync(join(tmpdir(), 'hallmark-promtool-'));

  /** Writes a file of YAML. */
  write(name: string, content: unknown): void {
    writeFileSync(join(this.#path, name), stringify(content));
  }

  /** Runs promtool in the folder. @returns all that it printed */
  async promtool(args: readonly string[], stdin?: string): Promise<string> {
    const options = { env: {}, cwd: this.#path, ...(stdin === undefined ? {} : { stdin }) };
    const { stdout, stderr } = await runCommand(await ensureBinary('promtool'), args, options);
    return stdout + stderr;
  }

  remove(): void {
    rmSync(this.#path, { recursive: true });
  }
}

/** The PrometheusRule that the chart renders with further values. */
export async function prometheusRule(entries: readonly string[] = []): Promise<Manifest | undefined> {
  const rendered = await manifests(['monitoring.alerts.enabled=true', ...entries]);
  return rendered.find((manifest) => manifest['kind'] === 'PrometheusRule');
}

/** The rules of a PrometheusRule. */
export function rulesOf(rule: Manifest | undefined): readonly unknown[] {
  return listAt(rule, 'spec', 'groups', 0, 'rules');
}

/** The part of a PrometheusRule that is a file of rules. */
export function rulesFile(rule: Manifest | undefined): unknown {
  return at(rule, 'spec');
}
