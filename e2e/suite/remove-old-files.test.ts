// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { removeOldFiles } from './remove-old-files.ts';

describe('old files of a cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hallmark-old-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are removed by the time of their writing, wherever they lie', () => {
    const now = new Date('2026-01-08T00:00:00Z');
    mkdirSync(join(folder, 'v24'));
    const paths = { 'v24/old': '2026-01-01T00:00:00Z', old: '2025-12-01T00:00:00Z', 'v24/new': '2026-01-01T00:00:01Z' };
    for (const [path, written] of Object.entries(paths)) {
      writeFileSync(join(folder, path), '');
      utimesSync(join(folder, path), new Date(written), new Date(written));
    }
    removeOldFiles(folder, { days: 7, now });
    assert.deepEqual(
      Object.keys(paths).filter((path) => existsSync(join(folder, path))),
      ['v24/new'],
    );
  });

  it('may be in a folder that does not exist', () => {
    removeOldFiles(join(folder, 'none'), { days: 7, now: new Date() });
  });
});
