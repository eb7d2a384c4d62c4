// SPDX-License-Identifier: Apache-2.0
// `npm run image`: makes the image and the chart as OCI layouts, signs and pushes them where asked.
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { packageVersion } from '../src/package-version.ts';
import { buildChart } from './oci/chart-artifact.ts';
import { Layout } from './oci/layout.ts';
import { pushLayout } from './oci/push-layout.ts';
import { buildImage } from './image/build-image.ts';
import { signManifests } from './image/sign-manifests.ts';
import { type Platform, platforms } from './platform.ts';
import { sourceRevision, sourceTime } from './source-time.ts';

interface ImageOptions {
  readonly output: string;
  readonly platform: readonly Platform[];
  readonly debian?: string;
  readonly revision?: string;
  readonly key?: string;
  readonly repository?: string;
  readonly push?: boolean;
}

const ROOT = join(import.meta.dirname, '..');

await new Command('npm run image --')
  .description('Make the image of the operator and its chart as OCI layouts, without a container engine.')
  .option('--output <folder>', 'folder for the layouts `image` and `chart`', join(ROOT, 'build'))
  .addOption(new Option('--platform <name...>', 'platforms of the image').choices(platforms).default(platforms))
  .option('--debian <folder>', 'folder that keeps the packages of Debian, so that the next build has the same')
  .option('--revision <commit>', 'commit to name in the image (default: that of the checkout)')
  .option(
    '--repository <name>',
    'where the image will be: registry.example.com/hallmark; the chart goes to …/charts/hallmark',
  )
  .option('--key <file>', 'private key that signs image and chart, as `hallmark sign` reads it')
  .option('--push', 'push image and chart with the logins of your docker configuration')
  .action(make)
  .parseAsync();

async function make(options: ImageOptions, command: Command): Promise<void> {
  const { output, platform, debian, key, repository } = options;
  if (repository === undefined && (key !== undefined || options.push === true))
    command.error('error: --key and --push need --repository');
  const [version, time] = [packageVersion(), sourceTime(ROOT)];
  const revision = options.revision ?? sourceRevision(ROOT);
  const source = { root: ROOT, platforms: platform, debian, version, revision, time };
  const image = await Layout.create(join(output, 'image'));
  const { index, manifests } = await buildImage(image, source);
  const chart = await Layout.create(join(output, 'chart'));
  const chartManifest = await buildChart(chart, source);
  const chartRepository = repository?.replace(/[^/]+$/, 'charts/hallmark') ?? '';
  if (repository !== undefined && key !== undefined) {
    await signManifests(image, { manifests: [index, ...manifests], repository, key });
    await signManifests(chart, { manifests: [chartManifest], repository: chartRepository, key });
  }
  if (repository !== undefined && options.push === true) {
    await pushLayout(image.folder, repository);
    await pushLayout(chart.folder, chartRepository);
  }
  process.stdout.write(`image ${repository ?? image.folder}:${version}@${index.digest}\n`);
  process.stdout.write(
    `chart ${repository === undefined ? chart.folder : chartRepository}:${version}@${chartManifest.digest}\n`,
  );
}
