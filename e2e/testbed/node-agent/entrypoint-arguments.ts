// SPDX-License-Identifier: Apache-2.0

/** What Tekton's controller tells its entrypoint binary to do for one step. */
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
  /** Flags that change what the step does and that the agent does not implement. */
  readonly unsupported: readonly string[];
}

const valueFlags = new Set([
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
  'basic-docker',
  'docker-config',
  'docker-cfg',
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
  const entrypoint = flags.get('entrypoint');
  return {
    command: [...(entrypoint === undefined ? [] : [entrypoint]), ...(end === -1 ? [] : args.slice(end + 1))],
    results: names(flags.get('results')),
    stepResults: names(flags.get('step_results')),
    onError: flags.get('on_error') ?? 'stopAndFail',
    timeoutMilliseconds: goDuration(flags.get('timeout') ?? ''),
    metadataDirectory: flags.get('step_metadata_dir') ?? '',
    unsupported: [
      ...unsupportedFlags.filter((flag) => flags.has(flag)),
      ...(flags.get('result_from') === 'sidecar-logs' ? ['result_from'] : []),
    ],
  };
}

function parseFlags(args: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const [, name = '', assigned] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(args[index] ?? '') ?? [];
    if (assigned !== undefined) flags.set(name, assigned);
    else if (valueFlags.has(name)) flags.set(name, args[(index += 1)] ?? '');
    else flags.set(name, 'true');
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
