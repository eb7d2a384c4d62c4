// SPDX-License-Identifier: Apache-2.0
import type { Command, Option } from 'commander';

/** An option as shells complete it. */
export interface CompletedOption {
  /** `-o` and `--output`: one of them at least. */
  readonly flags: readonly string[];
  readonly description: string;
  /** True if a value follows. */
  readonly takesValue: boolean;
  /** The values that it may have; empty where any may follow. */
  readonly choices: readonly string[];
}

/** A command, or the program itself, as shells complete it. */
export interface CompletedCommand {
  /** The words after the program's name; empty for the program. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly subcommands: readonly string[];
  /** The values that an argument may have. */
  readonly choices: readonly string[];
  readonly options: readonly CompletedOption[];
}

/** Reads a program and all its commands, each before its own subcommands. */
export function commandTree(program: Command): readonly CompletedCommand[] {
  return readCommand(program, []);
}

function readCommand(command: Command, path: readonly string[]): readonly CompletedCommand[] {
  const own: CompletedCommand = {
    path,
    summary: command.summary() === '' ? command.description() : command.summary(),
    subcommands: command.commands.map((inner) => inner.name()),
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    options: [...command.options.filter(({ hidden }) => !hidden).map(readOption), helpOption],
  };
  return [own, ...command.commands.flatMap((inner) => readCommand(inner, [...path, inner.name()]))];
}

const helpOption: CompletedOption = {
  flags: ['-h', '--help'],
  description: 'display help for command',
  takesValue: false,
  choices: [],
};

function readOption({ short, long, description, required, optional, argChoices = [] }: Option): CompletedOption {
  const flags = [short, long].filter((flag) => flag !== undefined);
  return { flags, description, takesValue: required || optional, choices: argChoices };
}
