// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import { withdrawnWords } from './withdrawn-words.ts';

/** The pages of the checkout and the files and folders that they may name, all by their path from the top. */
export interface Checkout {
  has(path: string): boolean;
  /** The text of a Markdown page that exists. */
  page(path: string): string;
}

/** Broken relative links of a Markdown page, paths between backticks that do not exist, and words that are not plain English; one line each. */
export function pageFaults(path: string, checkout: Checkout): readonly string[] {
  const prose = withoutCode(checkout.page(path));
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  const named = [...prose.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, name]) => name ?? '');
  return [
    ...links.filter((link) => isBroken(path, link, checkout)).map((link) => `${path}: the link ${link} is broken`),
    ...named.filter((name) => isMissing(path, name, checkout)).map((name) => `${path}: \`${name}\` does not exist`),
    ...withdrawnWords(prose.replace(/`[^`]*`/g, '')).map((word) => `${path}: ${word} is not plain English`),
  ];
}

function isBroken(path: string, link: string, checkout: Checkout): boolean {
  if (/^[a-z]+:/.test(link)) return false;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : posix.join(posix.dirname(path), file).replace(/\/$/, '');
  if (!checkout.has(target)) return true;
  return anchor !== undefined && target.endsWith('.md') && !anchors(checkout.page(target)).has(anchor);
}

/** True for a path, relative to the page or into a top-level folder, that leads nowhere. Other text with a slash is not a path. */
function isMissing(page: string, name: string, checkout: Checkout): boolean {
  const [top = ''] = name.split('/');
  const target = /^\.\.?$/.test(top) ? posix.join(posix.dirname(page), name) : name;
  return (target !== name || checkout.has(top)) && !checkout.has(target.replace(/\/$/, ''));
}

/** The anchors that GitHub gives the headings of a page. */
function anchors(page: string): ReadonlySet<string> {
  const headings = [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(page: string): string {
  return page.replace(/^ *```[^]*?^ *```$/gm, '');
}
