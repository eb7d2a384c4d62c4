// SPDX-License-Identifier: Apache-2.0
import { withdrawnWords } from './withdrawn-words.ts';

/** List the violations of a file, one line each, of rules that eslint and the formatter do not have. */
export function sourceFaults(path: string, text: string): readonly string[] {
  return rules.flatMap(({ applies, faults }) =>
    applies(path) ? faults(text).map((fault) => `${path}: ${fault}`) : [],
  );
}

interface Rule {
  readonly applies: (path: string) => boolean;
  readonly faults: (text: string) => readonly string[];
}

// Joined here, so that this file does not break its own rule.
const marks = [['TO', 'DO'].join(''), ['FIX', 'ME'].join(''), ['XX', 'X'].join('')];

/** Words that a sentence of a comment must not begin with: they hide its subject. */
const openings = /(?:^|[.!?]\s+)(What|Who|Whoever|Whose|Whom|Whether|How|Of|Why)\b/;

const isSource = (path: string): boolean => /\.(ts|go)$/.test(path);
const isTypeScript = (path: string): boolean => path.endsWith('.ts');

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
      marks.filter((mark) => new RegExp(`\\b${mark}\\b`).test(text)).map((mark) => `${mark} is an unfinished task`),
  },
  {
    applies: isTypeScript,
    faults: (text) =>
      commentsOf(text)
        .filter((comment) => openings.test(comment))
        .map((comment) => `begin each sentence with its subject: ${opened(comment)}`),
  },
  {
    applies: isTypeScript,
    faults: (text) =>
      commentsOf(text).flatMap((comment) =>
        withdrawnWords(comment).map((word) => `${word} is not plain English in: ${opened(comment)}`),
      ),
  },
  {
    applies: (path) => /\.test\.ts$/.test(path),
    faults: (text) =>
      /\b(it|describe|test)\.(skip|only|todo)\b|\bskip: true/.test(text) ? ['a skipped or focused test'] : [],
  },
  {
    // kubectl fails at once on a CRD whose conditions are null, which those of a new one are.
    applies: (path) => isTypeScript(path) && !/until-established(\.test)?\.ts$/.test(path),
    faults: (text) =>
      /--for=condition=[e]stablished/i.test(text)
        ? ['a wait for CRDs that fails on new ones: use untilEstablished']
        : [],
  },
  {
    applies: (path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path),
    faults: () => ['a meaningless name: name it after the concept'],
  },
  {
    applies: (path) => path.endsWith('package-lock.json'),
    faults: (text) => {
      const hosts = new Set([...text.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(([, host]) => host ?? ''));
      return [...hosts].map((host) => `names the package registry ${host}: npm ci must use the user's own`);
    },
  },
];

/** List the comments that have lines of their own, without their marks. */
function commentsOf(source: string): readonly string[] {
  const text = source.replace(/^\/\/ SPDX-License-Identifier.*$/m, '');
  const blocks = [...text.matchAll(/^[ \t]*\/\*[\s\S]*?\*\//gm), ...text.matchAll(/(^[ \t]*\/\/.*\n?)+/gm)];
  return blocks.map(([block]) => block.replace(/^[ \t]*(\/\*+|\/\/|\*(?!\/))|\*\/$/gm, '').trim());
}

function opened(comment: string): string {
  return JSON.stringify(comment.slice(0, 60));
}
