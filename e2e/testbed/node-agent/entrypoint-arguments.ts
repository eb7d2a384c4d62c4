// SPDX-License-Identifier: Apache-2.0
import type { DockerSecret } from './step-credentials.ts';

/** The arguments that Tekton's controller passes to its entrypoint binary for one step. */
export interface EntrypointArguments {
  /** The step's own command and arguments. */
  readonly command: readonly string[];
  /** Names of the task results that this step may leave. */
  readonly results: readonly string[];
  readonly stepResults: readonly string[];
  readonly onError: string;
  /** 0 for none. */
  readonly timeoutMilliseconds: number;
  readonly metadataDirectory: string;
  /** Registry logins of the run's ServiceAccount. */
  readonly dockerSecrets: readonly DockerSecret[];
  /** Flags that change what the step does and that the agent does not implement. */
  readonly unsupported: readonly string[];
}

/** In the order in which the entrypoint lets a later login for one registry win. */
const secretFlags = ['docker-cfg', 'docker-config', 'basic-docker'] as const;
const valueFlags = new Set<string>([
  'entrypoint',
  'wait_file',
  'post_file',
  'termination_path',
  'results',
  'step_results',
  'when_expressions',
  'timeout',
  'stdout_path',
  'stderr_path',
  'on_error',
  'step_metadata_dir',
  'result_from',
  ...secretFlags,
  'basic-git',
  'ssh-git',
]);
const unsupportedFlags = [
  'when_expressions',
  'stdout_path',
  'stderr_path',
  'breakpoint_on_failure',
  'debug_before_step',
];

/** Reads a step container's arguments, in the way of Go's `flag` package. */
export function parseEntrypointArguments(args: readonly string[]): EntrypointArguments {
  const end = args.indexOf('--');
  const flags = parseFlags(end === -1 ? args : args.slice(0, end));
  const last = (flag: string): string | undefined => flags.findLast(({ name }) => name === flag)?.value;
  const entrypoint = last('entrypoint');
  return {
    command: [...(entrypoint === undefined ? [] : [entrypoint]), ...(end === -1 ? [] : args.slice(end + 1))],
    results: names(last('results')),
    stepResults: names(last('step_results')),
    onError: last('on_error') ?? 'stopAndFail',
    timeoutMilliseconds: goDuration(last('timeout') ?? ''),
    metadataDirectory: last('step_metadata_dir') ?? '',
    dockerSecrets: secretFlags.flatMap((flag) =>
      flags.filter(({ name }) => name === flag).map(({ value }) => ({ flag, value })),
    ),
    unsupported: [
      ...unsupportedFlags.filter((flag) => last(flag) !== undefined),
      ...(last('result_from') === 'sidecar-logs' ? ['result_from'] : []),
    ],
  };
}

interface Flag {
  readonly name: string;
  readonly value: string;
}

function parseFlags(args: readonly string[]): readonly Flag[] {
  const flags: Flag[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const [, name = '', assigned] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(args[index] ?? '') ?? [];
    if (assigned !== undefined) flags.push({ name, value: assigned });
    else if (valueFlags.has(name)) flags.push({ name, value: args[(index += 1)] ?? '' });
    else flags.push({ name, value: 'true' });
  }
  return flags;
}

function names(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').filter((name) => name !== '');
}

const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** `1h0m0.5s` in milliseconds; 0 for an empty text. */
function goDuration(text: string): number {
  const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitMilliseconds[unit ?? ''] ?? 0), 0);
}
