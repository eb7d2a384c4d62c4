// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { productionPackages } from '../../codegen/packages/production-packages.ts';

/** The licences and notices of the packages that the command may hold, one after the other. */
export function packageLicences(root: string): Buffer {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const texts = productionPackages(lock)
    .filter(({ path }) => existsSync(join(root, path)))
    .flatMap(({ path, name, version }) =>
      readdirSync(join(root, path))
        .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
        .toSorted()
        .map((file) => `${name} ${version}, ${file}\n\n${readFileSync(join(root, path, file), 'utf8').trim()}\n`),
    );
  return Buffer.from(texts.join(`\n${'-'.repeat(80)}\n\n`));
}
