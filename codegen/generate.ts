// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { generatedFiles } from './crds/generated-files.ts';
import { driftHint } from './drift-hint.ts';

const root = join(import.meta.dirname, '..');

/** As the formatter leaves it, or as it was made where the formatter is told to look away. */
async function formatted(path: string, text: string): Promise<string> {
  const { ignored } = await getFileInfo(join(root, path), { ignorePath: join(root, '.prettierignore') });
  return ignored ? text : format(text, { ...(await resolveConfig(join(root, path))), filepath: path });
}

/** Writes what is generated; with --check writes nothing and exits 1 when a file differs. */
async function main(): Promise<void> {
  const check = process.argv.includes('--check');
  for (const [path, raw] of generatedFiles()) {
    const file = join(root, path);
    const text = await formatted(path, raw);
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (before === text) continue;
    if (check) {
      console.error(`${path} is out of date: run \`npm run generate\`\n${driftHint(before, text)}`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

await main();
// The chart's values are generated from their own description; the script reads the same --check.
await import('./chart/generate-chart.ts');
// So is the field table of the Go types that runs are read through.
await import('./go-types/generate.ts');
