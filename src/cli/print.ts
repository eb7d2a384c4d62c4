// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Command } from 'commander';

/** Writes to a command's output, and waits for a slow reader, so that no more than one text is held for it. */
export async function print(command: Command, text: string): Promise<void> {
  if (text === '') return;
  command.configureOutput().writeOut?.(text);
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}
