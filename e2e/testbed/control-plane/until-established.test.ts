// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCommand } from '../processes/run-command.ts';
import { untilEstablished } from './until-established.ts';

/** Fails as kubectl does, with these words. */
function failing(words: string): Promise<unknown> {
  return runCommand(process.execPath, ['-e', 'console.error(process.argv[1]); process.exitCode = 1', words], {
    env: {},
  });
}

describe('the wait for CRDs', () => {
  it('asks again while kubectl cannot read the conditions of a new CRD', async () => {
    const asked: (readonly string[])[] = [];
    await untilEstablished(
      async (args) => {
        asked.push(args);
        if (asked.length === 1)
          await failing('error: .status.conditions accessor error: <nil> is of the type <nil>, expected []interface{}');
      },
      ['crd', 'cakes.example.dev'],
    );
    const wait = ['wait', '--for=condition=Established', '--timeout=60s', 'crd', 'cakes.example.dev'];
    assert.deepEqual(asked, [wait, wait]);
  });

  it('fails at once with any other error', async () => {
    let asked = 0;
    const given = untilEstablished(() => {
      asked++;
      return failing('error: timed out waiting for the condition on customresourcedefinitions/cakes.example.dev');
    }, ['crd', '--all']);
    await assert.rejects(given, { message: 'the CRDs are not established' });
    assert.equal(asked, 1);
  });
});
