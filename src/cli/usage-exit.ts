// SPDX-License-Identifier: Apache-2.0
import { type Command, CommanderError } from 'commander';

/** The exit code of a wrong command line, so that scripts can tell it from a command's own failures. */
export const USAGE_ERROR = 2;

/** Ends a command whose command line or files cannot be used. */
export function refuse(command: Command, error: unknown): never {
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: USAGE_ERROR });
}

/** Rethrows the parser's exit: help and version end with 0, every other one is a usage error. */
export function usageExit({ exitCode, code, message }: CommanderError): never {
  throw new CommanderError(exitCode === 0 ? 0 : USAGE_ERROR, code, message);
}
