// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

describe('the field table of the Go types', () => {
  it('is up to date with its sources', () => {
    const { status, stderr } = spawnSync(process.execPath, [`${import.meta.dirname}/generate.ts`, '--check'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });
});
