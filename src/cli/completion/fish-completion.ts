// SPDX-License-Identifier: Apache-2.0
import type { CompletedCommand, CompletedOption } from './command-tree.ts';
import { stepsOf } from './shell-script.ts';

/** The script for fish: `hallmark completion fish | source`. */
export function fishCompletion(tree: readonly CompletedCommand[]): string {
  const summaries = new Map(tree.map(({ path, summary }) => [path.join(' '), summary]));
  const lines = tree.flatMap((command) => {
    const at = command.path.join(' ');
    const begin = `complete -c hallmark -n ${quoted(`__hallmark_at ${quoted(at)}`)}`;
    const subcommands = command.subcommands.map((name) => {
      const summary = summaries.get(`${at} ${name}`.trim()) ?? '';
      return `${begin} -a ${quoted(name)} -d ${quoted(firstLine(summary))}`;
    });
    const choices = command.choices.map((choice) => `${begin} -a ${quoted(choice)}`);
    // Where only these words may follow, fish offers no files.
    const noFiles = command.subcommands.length + command.choices.length > 0 ? [`${begin} -f`] : [];
    const options = command.options.map((option) => `${begin} ${optionText(option)}`);
    return [...noFiles, ...subcommands, ...choices, ...options];
  });
  return `# fish completion for hallmark
function __hallmark_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    if contains -- "$at $word" ${stepsOf(tree).map(quoted).join(' ')}
      set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function optionText({ flags, description, takesValue, choices }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${quoted(flag.slice(2))}` : `-s ${quoted(flag.slice(1))}`,
  );
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r'] : [];
  return [...names, ...value, `-d ${quoted(firstLine(description))}`].join(' ');
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Single quotes of fish, inside which a backslash escapes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
