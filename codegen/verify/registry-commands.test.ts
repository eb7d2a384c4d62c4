// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { registryCommands } from './registry-commands.ts';

const cases: readonly (readonly [string, number])[] = [
  ['npx hallmark keygen -n team-a', 1],
  ['npx --yes hallmark', 1],
  ['npx -p hallmark@0.1.0 hallmark lint', 1],
  ['npm exec -- hallmark', 1],
  ['npm install --global @hallmark-dev/cli', 1],
  ['pnpm dlx hallmark', 1],
  ['npx --no-install hallmark keygen', 0],
  ['bin/hallmark keygen -n team-a', 0],
  ['npx prettier --write . | hallmark lint', 0],
  ['npm install && hallmark lint', 0],
  ['`npm install` puts hallmark there', 0],
];
for (const [text, count] of cases) {
  it(`${count === 0 ? 'leaves' : 'finds'} ${text}`, () => {
    assert.equal(registryCommands(text).length, count);
  });
}
