// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { it } from 'node:test';
import { boundedText } from './bounded-text.ts';
import { UncheckedError, UsageError } from './cli-error.ts';
import { readText } from './read-text.ts';

it('a text is read whole, with characters that lie across pieces', async () => {
  const bytes = Buffer.from('käse');
  const pieces = [bytes.subarray(0, 2), bytes.subarray(2)];
  assert.equal(await boundedText('a', Readable.from(pieces), 1), 'käse');
});

it('an endless stream is refused, and no more of it is read', async () => {
  let pieces = 0;
  const endless = async function* (): AsyncGenerator<Buffer> {
    const piece = Buffer.alloc(16 * 1024 * 1024);
    for (;;) {
      await Promise.resolve();
      pieces += 1;
      yield piece;
    }
  };
  await assert.rejects(boundedText('stdin', endless(), 64), { message: 'stdin is larger than 64 MiB' });
  assert.equal(pieces, 5);
});

it('a file of one line of a GiB cannot be checked, and says why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hallmark-large-'));
  try {
    const path = join(folder, 'large.json');
    writeFileSync(path, '');
    // A file with a hole takes no room on the disk.
    truncateSync(path, 1024 * 1024 * 1024);
    await assert.rejects(readText(path), new UncheckedError(`${path} is larger than 256 MiB`));
    await assert.rejects(readText(join(folder, 'none')), new UsageError(`${join(folder, 'none')} does not exist`));
    await assert.rejects(readText(folder), new UsageError(`${folder} is a folder`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
