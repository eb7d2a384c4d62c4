// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { field, isObject, listField, objectField, stringField } from '../../src/json/fields.ts';
import { parse } from 'yaml';
import { checkout } from '../harness/installation.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';

const folder = join(checkout, '.github', 'workflows');
/** Commands of npm itself, which are no scripts. */
const ownCommands = ['ci', 'audit'];
const files = readdirSync(folder).map((name) => join(folder, name));

describe('the workflows', () => {
  it('are found correct by actionlint', async () => {
    // The checks of shell and Python take programs that a machine may lack.
    const args = ['-shellcheck=', '-pyflakes=', ...files];
    await runCommand(await ensureBinary('actionlint'), args, {
      cwd: checkout,
      env: { PATH: process.env['PATH'] ?? '' },
    });
  });

  it('may read the sources and nothing else, unless a job says so', () => {
    assert.ok(files.length > 0);
    for (const file of files) {
      const workflow: unknown = parse(readFileSync(file, 'utf8'));
      assert.deepEqual(field(workflow, 'permissions'), { contents: 'read' }, file);
    }
  });

  it('run scripts that exist', () => {
    const scripts = objectField(JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')), 'scripts');
    const named = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/npm (?:run )?([a-z:]+)/g)]);
    const unknown = named
      .map(([, name = '']) => name)
      .filter((name) => !ownCommands.includes(name) && scripts[name] === undefined);
    assert.ok(isObject(scripts));
    assert.deepEqual(unknown, []);
  });

  it('have the registry signatures of all packages verified before the tests, on which a release waits', () => {
    const jobs = (name: string): unknown => field(parse(readFileSync(join(folder, name), 'utf8')), 'jobs');
    const commands = listField(field(jobs('ci.yml'), 'test'), 'steps').flatMap(
      (step) => stringField(step, 'run') ?? [],
    );
    assert.deepEqual(commands, ['npm ci', 'npm audit signatures', 'npm test']);
    const [tests, release] = ['test', 'release'].map((job) => field(jobs('release.yml'), job));
    assert.deepEqual([field(tests, 'uses'), field(release, 'needs')], ['./.github/workflows/ci.yml', 'test']);
  });
});
