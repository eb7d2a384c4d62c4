// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { ManagedProcess, type ExitStatus } from '../processes/managed-process.ts';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';
import type { EntrypointArguments } from './entrypoint-arguments.ts';
import { containerEnvironment, expandReferences } from './environment.ts';
import type { NodeContext } from './node-context.ts';
import { PathMap } from './path-map.ts';
import type { Container, Pod } from './pod.ts';
import { writeDockerCredentials } from './step-credentials.ts';
import { stepScripts } from './step-scripts.ts';
import { runResultType, startedAt, terminationMessage, type RunResult } from './termination-message.ts';

export interface StepExecution {
  readonly node: NodeContext;
  readonly pod: Pod;
  readonly container: Container;
  readonly entrypoint: EntrypointArguments;
  readonly volumeDirectories: ReadonlyMap<string, string>;
  /** Folders that stand in for folders of the step's image. */
  readonly imageFolders: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface StepEnd {
  readonly exitCode: number;
  readonly entries: readonly RunResult[];
}

/**
 * Runs a step's command on this machine, with the paths of its volumes rewritten, and reads back what it left, as Tekton's
 * entrypoint does in the container. Commands, files and user are the machine's instead of the image's.
 */
export async function executeStep(execution: StepExecution): Promise<StepEnd> {
  const { container, entrypoint, node, pod, volumeDirectories, imageFolders } = execution;
  const begun = startedAt(new Date());
  const log = node.logs.file(pod, container.name, 0);
  if (entrypoint.unsupported.length > 0 || entrypoint.command.length === 0) {
    const what = entrypoint.unsupported.join(', ') || 'steps without a command';
    appendFileSync(log, `the node agent cannot execute this step: ${what} not supported\n`);
    return { exitCode: 1, entries: [begun] };
  }
  const paths = PathMap.of(container, volumeDirectories, imageFolders);
  const metadata = paths.rewrite(entrypoint.metadataDirectory);
  for (const folder of ['results', 'artifacts']) await mkdir(join(metadata, folder), { recursive: true });
  const { exit, timedOut } = await runCommand(execution, paths, log);
  const entries = [begun, ...(await collect(entrypoint, paths, metadata))];
  if (terminationMessage(entries) === undefined) {
    appendFileSync(log, 'Termination message is above max allowed size 4096, caused by large task result.\n');
    return { exitCode: 1, entries: [begun] };
  }
  if (timedOut) return { exitCode: 1, entries: [...entries, internal('Reason', 'TimeoutExceeded')] };
  const exitCode = exit.code ?? 128 + (exit.signal === null ? 0 : constants.signals[exit.signal]);
  await writeFile(join(metadata, 'exitCode'), String(exitCode));
  if (exitCode !== 0 && entrypoint.onError === 'continue') {
    return { exitCode: 0, entries: [...entries, internal('ExitCode', String(exitCode))] };
  }
  return { exitCode, entries };
}

/** The entry that the entrypoint leaves for a step behind one that failed. */
export function skippedStep(): StepEnd {
  return { exitCode: 1, entries: [startedAt(new Date()), internal('Reason', 'Skipped')] };
}

async function runCommand(
  { container, entrypoint, node, pod, signal }: StepExecution,
  paths: PathMap,
  logPath: string,
): Promise<{ exit: ExitStatus; timedOut: boolean }> {
  const context = { pod, nodeName: node.nodeName, data: node.data };
  const declared = await containerEnvironment(context, container);
  const text = async (raw: string): Promise<string> => withStepResults(paths.rewrite(raw), paths);
  const home = paths.folder('/tekton/home') ?? node.directory;
  const temporary = join(node.directory, 'pods', pod.metadata.uid, 'tmp');
  await mkdir(temporary, { recursive: true });
  await writeDockerCredentials(entrypoint.dockerSecrets, paths, home);
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    HOSTNAME: pod.metadata.name,
    TMPDIR: temporary,
  };
  for (const [name, value] of Object.entries(declared)) env[name] = await text(value);
  const [first = '', ...rest] = entrypoint.command;
  await placeScript(pod, first, paths, text);
  const args: string[] = [];
  for (const argument of rest) args.push(await text(expandReferences(argument, declared)));
  const cwd = await workingDirectory(container, paths);
  const running = new ManagedProcess(
    { name: container.name, command: paths.rewrite(first), args, cwd },
    logPath,
    env,
    sharedWatchdog(),
  );
  const limit = entrypoint.timeoutMilliseconds === 0 ? [] : [AbortSignal.timeout(entrypoint.timeoutMilliseconds)];
  const stop = AbortSignal.any([signal, ...limit]);
  const kill = (): void => {
    running.signal('SIGKILL');
  };
  stop.addEventListener('abort', kill);
  if (stop.aborted) kill();
  const exit = await running.exited;
  stop.removeEventListener('abort', kill);
  return { exit, timedOut: limit.some(({ aborted }) => aborted) };
}

/** A folder of one of the step's volumes: what an image would bring at any other path is not here. */
async function workingDirectory({ workingDir = '' }: Container, paths: PathMap): Promise<string> {
  const workspace = '/workspace';
  const wanted = workingDir.startsWith('/') ? workingDir : join(workspace, workingDir);
  const folder = paths.rewrite(wanted) === wanted ? paths.rewrite(workspace) : paths.rewrite(wanted);
  await mkdir(folder, { recursive: true });
  return folder;
}

async function placeScript(
  pod: Pod,
  path: string,
  paths: PathMap,
  text: (raw: string) => Promise<string>,
): Promise<void> {
  const script = stepScripts(pod).get(path);
  if (script === undefined) return;
  const file = paths.rewrite(path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await text(script), { mode: 0o755 });
}

/** Fills in `$(steps.NAME.results.RESULT)`, which only the entrypoint can, from what earlier steps left. */
async function withStepResults(text: string, paths: PathMap): Promise<string> {
  const steps = paths.folder('/tekton/steps');
  if (steps === undefined) return text;
  let filled = text;
  for (const [reference, step = '', result = ''] of text.matchAll(/\$\(steps\.([^.()]+)\.results\.([^()]+)\)/g)) {
    const file = join(steps, `step-${step}`, 'results', result);
    if (existsSync(file)) filled = filled.replaceAll(reference, await readFile(file, 'utf8'));
  }
  return filled;
}

async function collect(
  { results, stepResults }: EntrypointArguments,
  paths: PathMap,
  metadata: string,
): Promise<readonly RunResult[]> {
  const resultsFolder = paths.folder('/tekton/results') ?? '';
  const artifacts = paths.folder('/tekton/artifacts') ?? '';
  const wanted: [string, string, RunResult['type']][] = [
    ...results.map((name): [string, string, 1] => [name, join(resultsFolder, name), runResultType.taskRun]),
    ...stepResults.map((name): [string, string, 4] => [name, join(metadata, 'results', name), runResultType.step]),
    ['provenance.json', join(metadata, 'artifacts', 'provenance.json'), runResultType.stepArtifacts],
    ['provenance.json', join(artifacts, 'provenance.json'), runResultType.taskRunArtifacts],
  ];
  const found = wanted.filter(([, file]) => existsSync(file));
  return Promise.all(found.map(async ([key, file, type]) => ({ key, value: await readFile(file, 'utf8'), type })));
}

function internal(key: string, value: string): RunResult {
  return { key, value, type: runResultType.internal };
}
