// SPDX-License-Identifier: Apache-2.0
import { type Command, CommanderError } from 'commander';

/** A command that ran to its end. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command in this process: one of its own takes ten times as long. Its exit code does not become the one of this process.
 * @throws what the command throws, unless it ends with an exit code
 */
export async function commandInProcess(command: Command, args: readonly string[]): Promise<Ended> {
  const written = { out: '', err: '' };
  command.configureOutput({
    writeOut: (text) => (written.out += text),
    writeErr: (text) => (written.err += text),
  });
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await command.parseAsync(args, { from: 'user' });
    return { code: exitCode(), ...written };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode, ...written };
  } finally {
    process.exitCode = before;
  }
}

function exitCode(): number {
  return Number(process.exitCode ?? 0);
}
