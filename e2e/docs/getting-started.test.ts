// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkout } from '../harness/installation.ts';
import { pageCommands, stableWords } from './page-commands.ts';
import { PageMachine } from './page-machine.ts';

const commands = pageCommands(readFileSync(join(checkout, 'docs', 'getting-started.md'), 'utf8'));

describe('docs/getting-started.md', () => {
  let machine: PageMachine;
  before(async () => {
    machine = await PageMachine.start();
  });
  after(() => machine.stop());

  it('is carried out command by command, and shows what the commands print', async () => {
    const outputs = await machine.run(commands);
    assert.equal(outputs.length, commands.length);
    for (const [index, { text, shown }] of commands.entries()) {
      if (shown !== undefined) assert.deepEqual(stableWords(outputs[index] ?? ''), stableWords(shown), text);
    }
    const outputOf = (part: string): string => outputs[commands.findIndex(({ text }) => text.includes(part))] ?? '';
    assert.match(outputOf('cosign verify '), /"docker-manifest-digest":"sha256:[0-9a-f]{64}"/);
    assert.match(outputOf('cosign verify-attestation'), /"payloadType":"application\/vnd.in-toto\+json"/);
    assert.match(outputOf('-o statement'), /"predicateType": ?"https:\/\/slsa.dev\/provenance\/v1"/);
    assert.match(outputOf('verify record'), /verified/);
  });

  it('runs as it is written, but for containers, the registry and two values of the chart', () => {
    const replaced = commands.filter((command) => machine.replacement(command) !== undefined);
    assert.deepEqual(
      [...new Set(replaced.map(({ text }) => text.split(' ').slice(0, 2).join(' ').replace(/=.*/, '')))],
      [
        'kind create',
        'docker run',
        'kubectl apply',
        'kubectl -n',
        'export REGISTRY',
        'export LOCAL_REGISTRY',
        'docker build',
        'kind load',
        'helm install',
        'npm ci',
        'kind delete',
        'docker rm',
      ],
    );
    const own = replaced.filter(({ text }) => text.startsWith('kubectl'));
    assert.ok(
      own.every(({ text }) => text.includes('tekton')),
      'only the installation of Tekton',
    );
  });
});
