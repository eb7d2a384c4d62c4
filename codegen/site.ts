// SPDX-License-Identifier: Apache-2.0
// `npm run docs`: builds the site from the Markdown pages into docs/site/dist, with the packages of docs/site/package-lock.json.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pageText, sidebar, sitePage, sitePages } from './site/site-pages.ts';
import { checkoutFiles } from './verify/checkout-files.ts';

const root = join(import.meta.dirname, '..');
const site = join(root, 'docs', 'site');
const staged = join(site, 'pages');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Writes the pages as VitePress wants them, the sidebar, and the pictures that pages show. */
function stage(): void {
  rmSync(staged, { recursive: true, force: true });
  const pages = sitePages(checkoutFiles(root));
  for (const [path, page] of pages) {
    mkdirSync(dirname(join(staged, page)), { recursive: true });
    writeFileSync(join(staged, page), sitePage(path, pageText(path, pages, read), pages));
  }
  cpSync(join(root, 'docs', 'images'), join(staged, 'images'), { recursive: true });
  const start = sitePage('docs/README.md', read('docs/README.md'), pages);
  writeFileSync(join(staged, 'sidebar.json'), JSON.stringify(sidebar(start)));
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: site, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? 'a signal'}`);
}

stage();
if (!existsSync(join(site, 'node_modules', 'vitepress'))) run('npm', ['ci', '--ignore-scripts']);
run(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build']);
console.log(`\nThe site is in ${join('docs', 'site', 'dist')}.`);
