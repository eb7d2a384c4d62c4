// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

/** The sidebar that `npm run docs` writes next to the pages. */
const sidebar = JSON.parse(readFileSync(new URL('../pages/sidebar.json', import.meta.url), 'utf8'));

/** The anchors that GitHub gives headings, so that a link leads to the same place in the repository and on the site. */
const slugify = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

export default defineConfig({
  title: 'Hallmark',
  description: 'Signs what Tekton builds',
  lang: 'en',
  srcDir: 'pages',
  outDir: 'dist',
  base: process.env.HALLMARK_SITE_BASE ?? '/',
  markdown: {
    anchor: { slugify },
    // Text such as <name> is text, not an element.
    config: (markdown) => void markdown.set({ html: false }),
  },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
