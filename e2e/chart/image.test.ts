// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { imageConfig } from '../../packaging/image/image-config.ts';
import { asManifest, at, manifests } from './helm.ts';

const checkout = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');

/** The Dockerfile's instructions, continued lines joined, comments and blank lines gone. */
const instructions = read('Dockerfile')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

describe('the image that docker builds', () => {
  it('is distroless, has no shell step, and is not root', () => {
    assert.match(lastStage[0] ?? '', /^FROM gcr\.io\/distroless\/nodejs\$\{NODE_VERSION\}-debian\d+:nonroot$/);
    assert.deepEqual(
      lastStage.filter((line) => line.startsWith('RUN ')),
      [],
    );
    // A number: the kubelet cannot tell from a name that it is not root.
    assert.ok(lastStage.includes('USER 65532:65532'));
  });

  it('runs as the user of the image, with the entry point and on the ports that the chart expects', async () => {
    const deployment = (await manifests()).find(({ kind }) => kind === 'Deployment');
    const pod = at(deployment, 'spec', 'template', 'spec');
    const container = asManifest(at(pod, 'containers', 0));
    assert.equal(at(pod, 'securityContext', 'runAsUser'), undefined, 'the image says who');
    assert.equal(container['command'], undefined, 'the image has the entry point');
    const flags = '"--max-old-space-size-percentage=60", "--max-semi-space-size=4", "--liftoff-only"';
    assert.ok(lastStage.includes(`ENTRYPOINT ["/nodejs/bin/node", ${flags}, "/app/dist/main.js"]`));
    assert.ok(lastStage.includes(`CMD ${JSON.stringify(container['args']).replace(',', ', ')}`));
    const ports = [0, 1].map((index) => at(container, 'ports', index, 'containerPort'));
    assert.ok(lastStage.includes(`EXPOSE ${ports.join(' ')}`));
  });

  it('runs the same process as the one of npm run image', () => {
    const source = { version: '0.1.0', revision: '${REVISION}', time: new Date(0) };
    const { config } = imageConfig({ architecture: 'amd64', diffs: [], source });
    const variables = config.Env.filter((variable) => !variable.startsWith('PATH='));
    const list = (words: readonly string[]): string => JSON.stringify(words).replaceAll(',', ', ');
    const wanted = [
      `USER ${config.User}`,
      `ENV ${variables.join(' ')}`,
      `ENTRYPOINT ${list(config.Entrypoint)}`,
      `CMD ${list(config.Cmd)}`,
      `WORKDIR ${config.WorkingDir}`,
      `STOPSIGNAL ${config.StopSignal}`,
    ];
    assert.deepEqual(
      wanted.filter((line) => !lastStage.includes(line)),
      [],
    );
  });

  it('holds the application and nothing else', () => {
    assert.deepEqual(
      lastStage.filter((line) => /^(COPY|ADD) /.test(line)),
      ['COPY --from=application /application/app ./'],
    );
  });

  it('is built from what .dockerignore lets through, and from nothing else', () => {
    const kept = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    assert.deepEqual([...new Set(copied)].toSorted(), kept.toSorted());
  });
});
