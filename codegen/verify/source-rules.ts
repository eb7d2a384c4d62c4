// SPDX-License-Identifier: Apache-2.0
/** What a file of the checkout must not be, as one line each. Rules that eslint and the formatter do not know. */
export function sourceFaults(path: string, text: string): readonly string[] {
  return rules.flatMap(({ applies, faults }) =>
    applies(path) ? faults(text).map((fault) => `${path}: ${fault}`) : [],
  );
}

interface Rule {
  readonly applies: (path: string) => boolean;
  readonly faults: (text: string) => readonly string[];
}

// Put together here so that this file does not trip over itself.
const marks = [['TO', 'DO'].join(''), ['FIX', 'ME'].join(''), ['XX', 'X'].join('')];

const isSource = (path: string): boolean => /\.(ts|go)$/.test(path);

const rules: readonly Rule[] = [
  {
    applies: isSource,
    faults: (text) =>
      /^(#!.*\n|\/\/go:build .*\n\n)?\/\/ SPDX-License-Identifier: Apache-2\.0\n/.test(text)
        ? []
        : ['the first line must be // SPDX-License-Identifier: Apache-2.0'],
  },
  {
    applies: isSource,
    faults: (text) =>
      marks.filter((mark) => new RegExp(`\\b${mark}\\b`).test(text)).map((mark) => `${mark} is a task left behind`),
  },
  {
    applies: (path) => /\.test\.ts$/.test(path),
    faults: (text) =>
      /\b(it|describe|test)\.(skip|only|todo)\b|\bskip: true/.test(text)
        ? ['a test that is skipped tests nothing']
        : [],
  },
  {
    applies: (path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path),
    faults: () => ['a name that says nothing: name it after the concept'],
  },
  {
    applies: (path) => path.endsWith('package-lock.json'),
    faults: (text) => {
      const hosts = new Set([...text.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(([, host]) => host ?? ''));
      return [...hosts].map((host) => `names the package registry ${host}: npm ci must use the user's own`);
    },
  },
];
