// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../src/api/v1alpha1/kinds.ts';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { recordName } from '../../src/records/record-name.ts';
import { at, type Manifest } from '../chart/helm.ts';
import { commandProgram } from '../harness/command-program.ts';
import type { Installation } from '../harness/installation.ts';
import { parseRecord } from '../harness/record.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { NAMESPACE, weighStepAction } from './bakery-pipeline.ts';
import { bakeryPolicies, type BakeryPolicyName, policyObjects } from './bakery-policies.ts';

/** A run of the bakery. */
export interface BakeryRun {
  readonly kind: RunKind;
  readonly name: string;
  readonly uid: string;
}

/** One payload in the output of `hallmark preview`. */
export interface PreviewedPayload {
  readonly type: string;
  readonly payload: string;
}

/** A namespace with a policy for each format, and what is asked about its runs. */
export class Bakery {
  readonly #installation: Installation;

  private constructor(installation: Installation) {
    this.#installation = installation;
  }

  /** Makes everything but runs, and waits until every policy is Ready. */
  static async open(installation: Installation): Promise<Bakery> {
    const registry = installation.testbed.registry().host;
    const metadata = { name: 'recipe', namespace: NAMESPACE };
    await installation.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { bread: 'flour, water, salt' } },
      weighStepAction,
      ...Object.values(bakeryPolicies).flatMap((policy) => policyObjects(registry, policy)),
    );
    const wait = ['wait', '--for=condition=Ready', '-n', NAMESPACE, '--timeout=120s'];
    await installation.kubectl([...wait, 'signingpolicies,storagebackends', '--all'], { timeoutSeconds: 130 });
    return new Bakery(installation);
  }

  /** Creates a run. */
  async start(manifest: object): Promise<BakeryRun> {
    return runOf(await this.#installation.create(manifest));
  }

  /** Waits until real Tekton has finished the run; throws unless it ended as expected. */
  async untilFinished(run: BakeryRun, status: 'True' | 'False' = 'True'): Promise<void> {
    const name = `${run.kind.toLowerCase()}/${run.name}`;
    await this.#installation.wait(NAMESPACE, name, 'jsonpath={.status.completionTime}');
    const condition = at(await this.object(run), 'status', 'conditions', 0);
    if (at(condition, 'status') !== status) throw new Error(`${name} ended otherwise: ${JSON.stringify(condition)}`);
  }

  /**
   * Labels a finished run and its TaskRuns, so that policies select them only now: Tekton may write the end of a TaskRun twice,
   * the second time with another startTime, and what is read back must be the very object that was signed.
   */
  async label(run: BakeryRun, labels: Readonly<Record<string, string>>): Promise<void> {
    const children = run.kind === 'PipelineRun' ? await this.taskRuns(run) : [];
    for (const { kind, name } of [...children, run])
      await this.#installation.patch(NAMESPACE, `${kind.toLowerCase()}/${name}`, { metadata: { labels } });
  }

  /** The run as the API server has it. */
  object({ kind, name }: Omit<BakeryRun, 'uid'>): Promise<Manifest> {
    return this.#installation.json(['get', kind, name, '-n', NAMESPACE]);
  }

  /** The TaskRuns of a PipelineRun, of one task of its pipeline where that is named. */
  async taskRuns({ name }: BakeryRun, pipelineTask?: string): Promise<readonly BakeryRun[]> {
    const task = pipelineTask === undefined ? '' : `,tekton.dev/pipelineTask=${pipelineTask}`;
    const selector = `tekton.dev/pipelineRun=${name}${task}`;
    return (await this.#installation.list(['taskruns', '-n', NAMESPACE, '-l', selector])).map(runOf);
  }

  /** Waits for a condition of the record of a run and a policy, Ready by default, and reads it. */
  async record(run: BakeryRun, policy: BakeryPolicyName, condition = 'condition=Ready'): Promise<ProvenanceRecord> {
    const name = recordName(run, { kind: 'SigningPolicy', namespace: NAMESPACE, name: policy });
    await this.#installation.wait(NAMESPACE, `provenancerecord/${name}`, condition);
    return parseRecord(await this.#installation.json(['get', 'provenancerecord', name, '-n', NAMESPACE]));
  }

  /**
   * The payloads that `hallmark preview` makes offline of a run and its children under a policy, all as `kubectl get -o yaml` prints them
   * (with managedFields, which are part of the whole TaskRuns that the build type slsa-tekton states).
   */
  async preview(run: BakeryRun, policy: BakeryPolicyName): Promise<readonly PreviewedPayload[]> {
    const folder = mkdtempSync(join(this.#installation.testbed.supervisor.directory, 'preview-'));
    const save = async (name: string, what: readonly string[]): Promise<string> => {
      const { stdout } = await this.#installation.kubectl(['get', '-n', NAMESPACE, '-o', 'yaml', ...what]);
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, stdout);
      return file;
    };
    const files = [await save('run', [run.kind, run.name, '--show-managed-fields'])];
    if (run.kind === 'PipelineRun') {
      const children = ['taskruns,customruns', '-l', `tekton.dev/pipelineRun=${run.name}`, '--show-managed-fields'];
      files.push(await save('children', children));
    }
    const settings = await save('policy', ['signingpolicy', policy]);
    const args = [commandProgram, 'preview', '--policy', settings, ...files.flatMap((file) => ['-f', file])];
    const { stdout } = await runCommand(process.execPath, args, {
      env: { ...compileCache(), PATH: process.env['PATH'] ?? '' },
    });
    const printed: unknown = JSON.parse(stdout);
    if (!Array.isArray(printed)) throw new Error(`hallmark preview printed no list: ${stdout}`);
    return printed.map((entry) => ({ type: String(at(entry, 'type')), payload: String(at(entry, 'payload')) }));
  }
}

/** A run as the API server made it. */
export function runOf(object: Manifest): BakeryRun {
  const kind = object['kind'];
  if (kind !== 'TaskRun' && kind !== 'PipelineRun') throw new Error(`${String(kind)} is no run`);
  return { kind, name: String(at(object, 'metadata', 'name')), uid: String(at(object, 'metadata', 'uid')) };
}
