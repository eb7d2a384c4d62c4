// SPDX-License-Identifier: Apache-2.0
import type { CompletedCommand } from './command-tree.ts';
import { casePattern, quoted, stepsOf, valuesOf, wordsOf } from './shell-script.ts';

/** The script for bash 3.2 and later: `source <(hallmark completion bash)`. Files are offered where no word fits. */
export function bashCompletion(tree: readonly CompletedCommand[]): string {
  const values = valuesOf(tree).map(
    ({ patterns, choices }) => `    ${casePattern(patterns)}) words=${quoted(choices.join(' '))} ;;`,
  );
  const commands = tree.map(
    (command) => `      ${quoted(command.path.join(' '))}) words=${quoted(wordsOf(command).join(' '))} ;;`,
  );
  return `# bash completion for hallmark
_hallmark() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} at= words= word index
  # Bash splits --output=json into three words.
  if [[ $current == '=' ]]; then current=; fi
  if [[ $previous == '=' ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "$at $word" in
      ${casePattern(stepsOf(tree))}) at=\${at:+$at }$word ;;
    esac
  done
  case "$at $previous" in
${values.join('\n')}
    *) case "$at" in
${commands.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _hallmark hallmark
`;
}
