// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleDirectory } from '../tekton/module-directory.ts';

const definitions = [
  ['kustomize-controller', 'kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
  ['source-controller', 'source.toolkit.fluxcd.io_gitrepositories.yaml'],
] as const;

/** The CRDs of Kustomization and GitRepository as Flux ships them, as YAML documents. */
export async function fluxKinds(): Promise<string> {
  const texts = definitions.map(async ([controller, file]) => {
    const module = await moduleDirectory(import.meta.dirname, `github.com/fluxcd/${controller}`);
    return readFileSync(join(module, 'config', 'crd', 'bases', file), 'utf8');
  });
  return (await Promise.all(texts)).join('\n---\n');
}
