// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEntrypointArguments } from './entrypoint-arguments.ts';

const common = ['-post_file', '/tekton/run/0/out', '-termination_path', '/tekton/termination'];

describe('parseEntrypointArguments', () => {
  it('tells the step from the flags of the entrypoint', () => {
    const parsed = parseEntrypointArguments([
      '-wait_file_content',
      ...common,
      '-step_metadata_dir',
      '/tekton/run/0/status',
      '-results',
      'IMAGE_URL,IMAGE_DIGEST',
      '-step_results',
      'thing',
      '-basic-docker=login=https://r.example',
      '-docker-config=push',
      '-entrypoint',
      'sh',
      '--',
      '-c',
      'echo -- -results',
    ]);
    assert.deepEqual(parsed, {
      command: ['sh', '-c', 'echo -- -results'],
      results: ['IMAGE_URL', 'IMAGE_DIGEST'],
      stepResults: ['thing'],
      onError: 'stopAndFail',
      timeoutMilliseconds: 0,
      metadataDirectory: '/tekton/run/0/status',
      dockerSecrets: [
        { flag: 'docker-config', value: 'push' },
        { flag: 'basic-docker', value: 'login=https://r.example' },
      ],
      unsupported: [],
    });
  });

  it('reads timeouts and what to do on errors', () => {
    const parsed = parseEntrypointArguments([...common, '-timeout', '1m1.5s', '-on_error', 'continue', '--']);
    assert.equal(parsed.timeoutMilliseconds, 61_500);
    assert.equal(parsed.onError, 'continue');
    assert.deepEqual(parsed.command, []);
  });

  it('names what the agent does not implement', () => {
    const parsed = parseEntrypointArguments([
      ...common,
      '--when_expressions',
      '[]',
      '-result_from=sidecar-logs',
      '-breakpoint_on_failure',
      '-entrypoint',
      'x',
      '--',
    ]);
    assert.deepEqual(parsed.unsupported, ['when_expressions', 'breakpoint_on_failure', 'result_from']);
    assert.deepEqual(parsed.command, ['x']);
  });
});
