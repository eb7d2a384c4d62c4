// SPDX-License-Identifier: Apache-2.0
import { type Command, CommanderError } from 'commander';
import { AccessError } from '../runtime/errors/access-error.ts';
import { UncheckedError, UsageError } from './cli-error.ts';

/** The exit code of a wrong command line, so that scripts can tell it from a command's own failures. */
export const USAGE_ERROR = 2;
/** The exit code of a command that could not find out: the cluster or a registry does not answer in time, or refuses. */
export const UNCHECKED = 3;

/** Ends a command whose command line or files cannot be used. */
export function refuse(command: Command, error: unknown): never {
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: USAGE_ERROR });
}

/** Rethrows the parser's exit: help and version end with 0, every other one is a usage error. */
export function usageExit({ exitCode, code, message }: CommanderError): never {
  throw new CommanderError(exitCode === 0 ? 0 : USAGE_ERROR, code, message);
}

/** The exit code of a failed command: 2 for its command line, 3 if it could not find out, else 1. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof UsageError) return USAGE_ERROR;
  return error instanceof UncheckedError || error instanceof AccessError || isGivenUp(error) ? UNCHECKED : 1;
}

/** True for what an aborted signal throws: the time of the command was over. */
function isGivenUp(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
}
