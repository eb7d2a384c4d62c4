// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly timeoutSeconds?: number;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that ended with something else than 0. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(commandLine: string, exitCode: number | null, output: CommandOutput) {
    super(`${commandLine} ended with ${exitCode ?? 'a signal'}: ${output.stderr.trim() || output.stdout.trim()}`);
    this.exitCode = exitCode;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
  }
}

/** Runs a command to its end with exactly this environment; rejects with CommandFailed unless it ends with 0. */
export function runCommand(command: string, args: readonly string[], options: RunOptions): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: (options.timeoutSeconds ?? 120) * 1000,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve({ stdout, stderr });
      else reject(new CommandFailed([command, ...args].join(' '), code, { stdout, stderr }));
    });
    // A command that ends without reading its input is judged by its exit code alone.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}
