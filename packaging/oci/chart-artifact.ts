// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isObject } from '../../src/json/fields.ts';
import { type Descriptor, type Layout, mediaTypes } from './layout.ts';
import { type TarEntry, tarball } from './tarball.ts';

const CONFIG = 'application/vnd.cncf.helm.config.v1+json';
const CONTENT = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

interface ChartSource {
  readonly root: string;
  readonly version: string;
  readonly time: Date;
}

/** Puts the chart into a layout as helm pushes and pulls it (https://helm.sh/docs/topics/registries/). */
export async function buildChart(layout: Layout, { root, time }: ChartSource): Promise<Descriptor> {
  const folder = join(root, 'helm', 'hallmark');
  const metadata: unknown = parse(await readFile(join(folder, 'Chart.yaml'), 'utf8'));
  if (!isObject(metadata)) throw new Error('helm/hallmark/Chart.yaml holds no map');
  const { gzip } = await tarball(await chartFiles(folder), time);
  const config = await layout.addJson(metadata, CONFIG);
  const layers = [await layout.addBlob(gzip, CONTENT)];
  const version = String(metadata['version']);
  const annotations = {
    'org.opencontainers.image.title': String(metadata['name']),
    'org.opencontainers.image.description': String(metadata['description']),
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.created': time.toISOString(),
  };
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers, annotations };
  const descriptor = await layout.addJson(manifest, mediaTypes.manifest);
  await layout.list(descriptor, version);
  return descriptor;
}

async function chartFiles(folder: string): Promise<readonly TarEntry[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(
    files.map(async (file) => ({ path: `hallmark/${file.slice(folder.length + 1)}`, content: await readFile(file) })),
  );
}
