// SPDX-License-Identifier: Apache-2.0
import { Argument, Command } from 'commander';
import { usageExit } from '../usage-exit.ts';
import type { CompletedCommand } from './command-tree.ts';

const shells = {
  bash: async () => (await import('./bash-completion.ts')).bashCompletion,
  zsh: async () => (await import('./zsh-completion.ts')).zshCompletion,
  fish: async () => (await import('./fish-completion.ts')).fishCompletion,
} as const satisfies Record<string, () => Promise<(tree: readonly CompletedCommand[]) => string>>;

type Shell = keyof typeof shells;

/** Makes `hallmark completion SHELL`, which prints a script for the shell. Its parent must hold all commands. */
export function completionCommand(): Command {
  return new Command('completion')
    .summary('print a script that completes this command in your shell')
    .description('Prints a script by which a shell completes commands, options and their values.')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ source <(hallmark completion bash)     # in ~/.bashrc\n' +
        '  $ source <(hallmark completion zsh)      # in ~/.zshrc, after compinit\n' +
        '  $ hallmark completion fish > ~/.config/fish/completions/hallmark.fish',
    )
    .addArgument(new Argument('<shell>', 'shell').choices(Object.keys(shells)))
    .exitOverride(usageExit)
    .action(completion);
}

async function completion(shell: Shell, _options: unknown, command: Command): Promise<void> {
  const [{ commandTree }, print] = await Promise.all([import('./command-tree.ts'), shells[shell]()]);
  command.configureOutput().writeOut?.(print(commandTree(command.parent ?? command)));
}
