// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Command } from 'commander';
import { UsageError } from '../cli-error.ts';
import { runDocuments } from '../documents/run-documents.ts';
import { refuse } from '../usage-exit.ts';
import { expectedParents, previewStream } from './preview-stream.ts';
import type { Preview, PreviewOptions } from './preview-runs.ts';

/** Formats previews one by one. */
export interface PreviewsOutput {
  readonly add: (preview: Preview) => PrintedPreview | Promise<PrintedPreview>;
  /** Formats the end of the output, with a final line break. */
  readonly end: () => string;
}

/** The part of the output that a preview adds, and its failures. */
export interface PrintedPreview {
  readonly text: string;
  readonly failures: readonly string[];
}

/** Previews the runs in files, `-` being standard input, and prints each before the next is read. The exit code is 1 after any failure. */
export async function printPreviews(
  { filename, ...options }: PreviewOptions & { readonly filename: readonly string[] },
  output: PreviewsOutput,
  command: Command,
): Promise<void> {
  try {
    const parents = await expectedParents(filename);
    for await (const preview of previewStream(runDocuments(filename, process.stdin), { ...options, parents })) {
      const { text, failures } = await output.add(preview);
      await print(command, text);
      for (const failure of failures) command.configureOutput().writeErr?.(`error: ${failure}\n`);
      if (failures.length > 0) process.exitCode = 1;
    }
    await print(command, output.end());
  } catch (error) {
    if (error instanceof UsageError) refuse(command, error);
    throw error;
  }
}

/** Writes to a command's output, and waits for a slow reader, so that no more than one text is held for it. */
async function print(command: Command, text: string): Promise<void> {
  if (text === '') return;
  command.configureOutput().writeOut?.(text);
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}
