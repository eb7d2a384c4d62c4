// SPDX-License-Identifier: Apache-2.0
// The first code of the single-file command: it lets Node load the modules of the bundle from the executable.
'use strict';
const { createRequire, registerHooks } = require('node:module');
const { getAsset } = require('node:sea');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString } = require('node:v8');

// Young objects stay in a small space: a start takes 10 MiB less, and a thousand runs 20 MiB.
setFlagsFromString('--semi-space-growth-factor=1');

// A folder that cannot exist: nothing of the disk is read in place of a module of the bundle.
const base = `${pathToFileURL(process.execPath).href}/`;
const first = `${base}first.cjs`;
registerHooks({
  resolve(name, context, next) {
    const isOurs = name.startsWith('./') && context.parentURL?.startsWith(base);
    if (!isOurs) return next(name, context);
    const url = new URL(name, base).href;
    return { url, format: url === first ? 'commonjs' : 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith(base)) return next(url, context);
    // The main script of an executable cannot import modules itself.
    if (url === first) return { source: `import('./cli.js');`, format: 'commonjs', shortCircuit: true };
    return { source: getAsset(url.slice(base.length), 'utf8'), format: 'module', shortCircuit: true };
  },
});
createRequire(`${base}start.cjs`)('./first.cjs');
