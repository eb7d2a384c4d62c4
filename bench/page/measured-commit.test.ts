// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BENCHMARKS_PAGE, measuredCommit } from './measured-commit.ts';

describe('the commit that a bench measures', () => {
  let root: string;
  const git = (...words: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], {
      ...{ cwd: root, encoding: 'utf8', stdio: 'pipe' },
    });
  const commit = (message: string): void => {
    git('add', '.');
    git('commit', '--quiet', '--message', message);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hallmark-commit-'));
    git('init', '--quiet', '--initial-branch=main');
    mkdirSync(dirname(join(root, BENCHMARKS_PAGE)));
    writeFileSync(join(root, BENCHMARKS_PAGE), 'figures\n');
    writeFileSync(join(root, 'source.ts'), 'one\n');
    commit('Begin');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('is named while no more than the page has changed', () => {
    appendFileSync(join(root, BENCHMARKS_PAGE), 'more figures\n');
    assert.equal(measuredCommit(root), git('rev-parse', 'HEAD').slice(0, 10));
  });

  it('is not named when a source differs from it', () => {
    appendFileSync(join(root, 'source.ts'), 'two\n');
    assert.throws(() => measuredCommit(root), /commit these changes .*\n.*source\.ts/);
  });

  it('is not named when it is not on main', () => {
    git('switch', '--quiet', '--create', 'idea');
    appendFileSync(join(root, 'source.ts'), 'two\n');
    commit('Try an idea');
    assert.throws(() => measuredCommit(root), /land [0-9a-f]{10} on main/);
  });
});
