// SPDX-License-Identifier: Apache-2.0
// Builds the testbed's servers ahead of time: `node e2e/testbed/build.ts [name…]`, all of them by default. They are built in the order in which they are named.
import { catalog } from './binaries/catalog.ts';
import { builtSeconds, say } from './binaries/build-progress.ts';
import { ensureBinaries, ensureBinary } from './binaries/ensure-binary.ts';
import { commandLine } from './command-line.ts';

const names = process.argv.slice(2);
const unknown = names.filter((name) => catalog.every((recipe) => recipe.name !== name));

if (unknown.length > 0) {
  const known = catalog.map(({ name }) => name).join(', ');
  process.stderr.write(`nothing is called ${unknown.join(', ')}; there are: ${known}\n`);
  process.exitCode = 2;
} else {
  await commandLine(async () => {
    const wanted =
      names.length === 0 ? catalog : names.flatMap((name) => catalog.filter((recipe) => recipe.name === name));
    const commands = wanted.flatMap((recipe) => recipe.commands);
    await ensureBinaries(commands);
    const slowestFirst = [...builtSeconds()].toSorted(([, one], [, other]) => other - one);
    for (const [name, seconds] of slowestFirst) say(`${String(seconds).padStart(5)} s  ${name}`);
    for (const command of commands) process.stdout.write(`${command}\t${await ensureBinary(command)}\n`);
  });
}
