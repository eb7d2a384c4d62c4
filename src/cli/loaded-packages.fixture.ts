// SPDX-License-Identifier: Apache-2.0
// Prints the packages that a process loaded as its last line of standard error: `node --import ./loaded-packages.fixture.ts …`.
import { registerHooks } from 'node:module';

const packages = new Set<string>();
const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

registerHooks({
  load(url, context, nextLoad) {
    const [, name] = PACKAGE.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return nextLoad(url, context);
  },
});
process.on('exit', () => process.stderr.write(`\n${JSON.stringify([...packages].sort())}`));
