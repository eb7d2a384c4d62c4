// SPDX-License-Identifier: Apache-2.0

/** A command of a page, as a reader would run it. */
export interface PageCommand {
  readonly text: string;
  /** The output that the page shows; undefined where it shows none. */
  readonly shown?: string;
}

/**
 * The commands of a Markdown page in their order. A block `sh` holds commands, and a line that ends in a backslash goes on in the
 * next one. A block `console` holds commands after `$ `, each with the output that the page shows.
 */
export function pageCommands(page: string): readonly PageCommand[] {
  return [...page.matchAll(/^```(sh|console)\n([^]*?)^```$/gm)].flatMap(([, language, body = '']) =>
    language === 'sh' ? shellCommands(body) : consoleCommands(body),
  );
}

function shellCommands(body: string): readonly PageCommand[] {
  return body
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((text) => ({ text }));
}

function consoleCommands(body: string): readonly PageCommand[] {
  return body
    .split(/^\$ /m)
    .filter((part) => part !== '')
    .map((part) => {
      const [text = '', ...output] = part.split('\n');
      return { text, shown: output.join('\n') };
    });
}

/** A table of kubectl as sorted rows of words, without what differs from run to run: ages, hashes in names, and the width of columns. */
export function stableWords(table: string): readonly (readonly string[])[] {
  return table
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/\s+/)
        .map((word) => word.replace(/^(\d+[smhd])+$/, 'AGE').replace(/-[0-9a-z]{10}$/, '-HASH')),
    )
    .filter(([first]) => first !== '')
    .toSorted((one, other) => one.join().localeCompare(other.join()));
}
