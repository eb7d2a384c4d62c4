// SPDX-License-Identifier: Apache-2.0
import type { CompletedCommand } from './command-tree.ts';
import { casePattern, quoted, stepsOf, valuesOf, wordsOf } from './shell-script.ts';

/** The script for zsh: `source <(hallmark completion zsh)`, or a file `_hallmark` in a folder of `$fpath`. */
export function zshCompletion(tree: readonly CompletedCommand[]): string {
  const list = (words: readonly string[]): string => words.map(quoted).join(' ');
  const values = valuesOf(tree).map(
    ({ patterns, choices }) => `    ${casePattern(patterns)}) candidates=(${list(choices)}) ;;`,
  );
  const commands = tree.map(
    (command) => `      ${quoted(command.path.join(' '))}) candidates=(${list(wordsOf(command))}) ;;`,
  );
  return `#compdef hallmark
_hallmark() {
  local at= word previous=\${words[CURRENT-1]}
  local -a candidates
  for word in \${words[2,CURRENT-1]}; do
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
  if (( \${#candidates} )); then compadd -a candidates; fi
  _files
}
if [[ $funcstack[1] == _hallmark ]]; then _hallmark "$@"; else compdef _hallmark hallmark; fi
`;
}
