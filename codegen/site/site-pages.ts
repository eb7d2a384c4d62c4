// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';

/** Markdown files of the checkout that are pages of the site, and the paths of the pages. */
export type SitePages = ReadonlyMap<string, string>;

/** Pages outside of docs/. */
const further: readonly (readonly [path: string, page: string])[] = [
  ['samples/README.md', 'samples.md'],
  ['CHANGELOG.md', 'changelog.md'],
  ['CONTRIBUTING.md', 'contributing.md'],
  ['SECURITY.md', 'security-policy.md'],
  ['e2e/testbed/README.md', 'testbed.md'],
];

const decisions = 'docs/decisions';

/**
 * The pages of the site. docs/README.md is its start, and each README.md of a folder is the page of the folder. The folder of
 * decisions has none: `pageText` writes it.
 */
export function sitePages(files: readonly string[]): SitePages {
  const docs = files.filter((path) => /^docs\/.*\.md$/.test(path));
  const own = docs.map((path) => [path, path.slice('docs/'.length).replace(/README\.md$/, 'index.md')] as const);
  return new Map([...own, [decisions, 'decisions/index.md'], ...further.filter(([path]) => files.includes(path))]);
}

/** The text of a page: of a file, or the list of the decisions. */
export function pageText(path: string, pages: SitePages, read: (path: string) => string): string {
  if (path !== decisions) return read(path);
  const files = [...pages.keys()].filter((file) => file.startsWith(`${decisions}/`)).toSorted();
  const items = files.map((file) => {
    const title = /^# (.+)$/m.exec(read(file))?.[1] ?? file;
    return `- [${title}](${file.slice('docs/'.length)})\n`;
  });
  return `# Decisions\n\n${items.join('')}`;
}

/** A page with its links as they are on the site, without comments. A link to a file that is no page becomes its text alone. */
export function sitePage(path: string, text: string, pages: SitePages): string {
  const page = pages.get(path);
  if (page === undefined) throw new Error(`${path} is no page`);
  return outsideCode(text, (prose) =>
    prose
      .replace(/<!--[^]*?-->\n*/g, '')
      .replace(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, image: string, words: string, link: string) => {
        if (/^[a-z]+:|^#/.test(link)) return whole;
        const [file = '', anchor] = link.split('#');
        const target = posix.join(posix.dirname(path), file).replace(/\/$/, '');
        const to = target.startsWith('docs/images/')
          ? target.slice('docs/'.length)
          : (pages.get(target) ?? pages.get(`${target}/README.md`));
        if (to === undefined) return words;
        const relative = posix.relative(posix.dirname(page), to);
        return `${image}[${words}](./${relative}${anchor === undefined ? '' : `#${anchor}`})`;
      }),
  );
}

/** Changes the text between blocks of code. */
function outsideCode(text: string, change: (prose: string) => string): string {
  return text
    .split(/(^ *```[^]*?^ *```$)/m)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}

export interface SidebarGroup {
  readonly text: string;
  readonly items: readonly SidebarItem[];
}

interface SidebarItem {
  readonly text: string;
  readonly link: string;
}

/** The sidebar: the headings of the start page, and the links below each. */
export function sidebar(start: string): readonly SidebarGroup[] {
  return start
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [text = '', ...rest] = part.split('\n');
      const links = [...rest.join('\n').matchAll(/\[([^\]]+)\]\(\.\/([^)]+)\.md\)/g)];
      return { text, items: links.map(([, words = '', link = '']) => ({ text: words, link: siteLink(link) })) };
    });
}

function siteLink(page: string): string {
  return `/${page.replace(/(^|\/)index$/, '$1')}`;
}

/** Pages that docs/README.md does not list, or lists twice, as faults. It leads to the single decisions and the testbed by other pages. */
export function unlistedPages(files: readonly string[], read: (path: string) => string): readonly string[] {
  const pages = sitePages(files);
  const groups = sidebar(sitePage('docs/README.md', read('docs/README.md'), pages));
  const links = groups.flatMap(({ items }) => items.map(({ link }) => link));
  return [...pages]
    .filter(([, page]) => !/^(index|testbed|decisions\/\d.*)\.md$/.test(page))
    .map(([path, page]) => ({
      path,
      count: links.filter((link) => link === siteLink(page.replace(/\.md$/, ''))).length,
    }))
    .filter(({ count }) => count !== 1)
    .map(({ path, count }) => `docs/README.md: lists ${path} ${count} times: every page has one place in it`);
}
