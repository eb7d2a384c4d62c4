// SPDX-License-Identifier: Apache-2.0
// Runs in the folder that holds the packages: `node look.js FILE` opens a page in Chromium and prints as JSON what a user would meet.
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const [, , file] = process.argv;
const executablePath = process.env.HALLMARK_BROWSER ?? (await chromium.executablePath());
const browser = await puppeteer.launch({ args: [...chromium.args, '--no-sandbox'], executablePath, headless: 'shell' });
try {
  const page = await browser.newPage();
  const requests = [];
  const complaints = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const views = [];
  for (const scheme of ['light', 'dark'])
    for (const width of [1200, 400]) {
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(`file://${file}`, { waitUntil: 'load' });
      const shown = await page.evaluate(() => ({
        text: document.body.innerText,
        elements: [...new Set([...document.querySelectorAll('*')].map((element) => element.localName))],
        pageWidth: document.documentElement.scrollWidth,
        background: getComputedStyle(document.documentElement).backgroundColor,
        color: getComputedStyle(document.body).color,
        links: [...document.querySelectorAll('a')].map((link) => {
          link.click();
          const target = document.querySelector(':target');
          return { text: link.innerText, target: target?.querySelector('h2')?.innerText };
        }),
      }));
      views.push({ scheme, width, ...shown });
    }
  console.log(JSON.stringify({ requests, complaints, views }));
} finally {
  await browser.close();
}
