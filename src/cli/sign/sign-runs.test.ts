// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { openKeyFile } from '../../signing/key/load-key-signer.ts';
import { optionsFromFlags } from '../preview/preview-options.ts';
import { previewRuns } from '../preview/preview-runs.ts';
import { signRuns } from './sign-runs.ts';
import type { SignedRun } from './sign-runs.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' });

function run(name: string, conditions: readonly object[], images: string) {
  const value = {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { namespace: 'n', name },
    status: { conditions, results: [{ name: 'IMAGES', value: images }] },
  };
  return { place: name, value };
}

const succeeded = [{ type: 'Succeeded', status: 'True' }];
const good = run('good', succeeded, `reg.example/app1@${digest}`);
const halved = run('halved', succeeded, `reg.example/app1@${digest},reg.example/app2:v1`);
const running = run('running', [{ type: 'Succeeded', status: 'Unknown' }], '');

async function sign(onIgnored: 'Warn' | 'Refuse', allowsUnfinished = false) {
  const signer = await openKeyFile('key.pem', Buffer.from(pem), () =>
    Promise.reject(new Error('no password is asked')),
  );
  const options = { ...optionsFromFlags({}), allowsUnfinished, requiresOutcome: true };
  const signed: SignedRun[] = [];
  const failures: string[] = [];
  for (const preview of previewRuns([good, halved, running], options)) {
    const result = await signRuns(preview, signer, {
      subjects: { allowedRepositories: [], onIgnored },
      children: { onMissing: 'Warn', notes: 'Memory' },
    });
    signed.push(...result.signed);
    failures.push(...result.failures);
  }
  return { names: [...new Set(signed.map(({ run: { name } }) => name))], signed, failures };
}

describe('signRuns', () => {
  it('signs every finished run, with its warnings', async () => {
    const { names, signed, failures } = await sign('Warn');
    assert.deepEqual(names, ['good', 'halved']);
    const [attestation] = signed.filter((entry) => entry.run.name === 'halved');
    assert.match(attestation?.warnings?.join() ?? '', /^HintIgnored: .*"reg\.example\/app2:v1"/);
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? '', /^running: TaskRun n\/running: .* give --unfinished/);
  });

  it('signs no run with an ignored subject under a policy that refuses it', async () => {
    const { names, failures } = await sign('Refuse');
    assert.deepEqual(names, ['good']);
    assert.match(failures.join('\n'), /^TaskRun n\/halved: spec\.subjects\.onIgnored .* refuses it: HintIgnored: /m);
  });

  it('signs an unfinished run on request, with a warning', async () => {
    const { names, signed } = await sign('Warn', true);
    assert.deepEqual(names, ['good', 'halved', 'running']);
    assert.match(signed.at(-1)?.warnings?.join() ?? '', /^RunUnfinished: /);
  });
});
