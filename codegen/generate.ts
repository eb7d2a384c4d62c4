// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { betweenMarkers } from './between-markers.ts';
import { chartFiles } from './chart/chart-files.ts';
import { apiFiles } from './crds/api-files.ts';
import { driftHint } from './drift-hint.ts';
import { formatted } from './formatted.ts';
import { gitopsFiles } from './gitops/health-patch.ts';
import { layers } from './lint/layer-rules.js';
import { layersTable } from './lint/layers-table.ts';
import { monitoringFiles } from './monitoring/monitoring-files.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const architecture = 'docs/architecture.md';

/** Write the generated files; with --check write nothing and exit 1 when a file differs. */
async function main(): Promise<void> {
  const check = process.argv.includes('--check');
  const table = betweenMarkers(read(architecture), 'layers', layersTable(layers));
  const files = [
    ...apiFiles(),
    ...chartFiles(read),
    ...monitoringFiles(),
    ...gitopsFiles(read),
    [architecture, table] as const,
  ];
  for (const [path, raw] of files) {
    const file = join(root, path);
    const text = await formatted(path, raw);
    const before = existsSync(file) ? read(path) : '';
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
// Writes the field table of the Go types; it reads the same --check.
await import('./go-types/generate.ts');
