// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { moduleDirectory } from '../tekton/module-directory.ts';

/** Changes to a module that a build requires, where upstream has no setting for what a test needs. */
export interface Mending {
  /** The path of the module. */
  readonly module: string;
  readonly changes: readonly MendedText[];
}

/** A text that is in a file of the module exactly once, and its replacement. */
export interface MendedText {
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

/**
 * Copies a module that `folder` requires into `target` and changes it there.
 * @returns the file for `go build -modfile`, by which the copy replaces the module
 */
export async function mendModule(folder: string, { module, changes }: Mending, target: string): Promise<string> {
  const source = await moduleDirectory(folder, module);
  const copy = join(target, 'module');
  await runCommand('cp', ['-R', source, copy], { env: { PATH: process.env['PATH'] ?? '' } });
  // Go's cache is read-only.
  await runCommand('chmod', ['-R', 'u+w', copy], { env: { PATH: process.env['PATH'] ?? '' } });
  for (const { file, text, replacement } of changes) {
    const path = join(copy, file);
    writeFileSync(path, mendText(readFileSync(path, 'utf8'), { file: `${module}/${file}`, text, replacement }));
  }
  const modfile = join(target, 'go.mod');
  writeFileSync(modfile, `${readFileSync(join(folder, 'go.mod'), 'utf8')}\nreplace ${module} => ${copy}\n`);
  copyFileSync(join(folder, 'go.sum'), join(target, 'go.sum'));
  return modfile;
}

/** @throws Error if the text is not there exactly once: a new version of the module needs another change */
export function mendText(source: string, { file, text, replacement }: MendedText): string {
  const [before, after, ...others] = source.split(text);
  if (before === undefined || after === undefined || others.length > 0)
    throw new Error(`${file} must have this text exactly once to be mended: ${text}`);
  return `${before}${replacement}${after}`;
}
