// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { Tekton } from '../tekton/tekton.ts';
import { startNodeAgent, type NodeAgent } from './node-agent.ts';
import type { TektonStep } from './tekton-behaviour.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const step = { name: 'build', image: 'alpine', command: ['true'] };

describe('Tekton pods', () => {
  const supervisor = new Supervisor('tekton-pods-test');
  let plane: ControlPlane;
  let agent: NodeAgent;

  before(async () => {
    plane = await ControlPlane.start(supervisor);
    await Tekton.start(plane, supervisor);
    const imageFolders = { 'registry.invalid/tools': { '/tools': '/bin' } };
    const tekton = { execute: true, imageFolders };
    agent = await startNodeAgent({ kubeconfigPath: plane.kubeconfigPath, images: {}, tekton });
  });

  after(async () => {
    await agent.stop();
    await supervisor.stop();
  });

  afterEach(() => {
    agent.setTektonBehaviour(undefined);
  });

  /** Creates a run, waits for its end and returns its status. */
  const finish = async (
    run: { kind: string; metadata: { name: string; annotations?: object }; spec: object },
    outcome = 'True',
  ): Promise<Finished> => {
    const manifest = JSON.stringify({ apiVersion: 'tekton.dev/v1', ...run });
    await plane.kubectl(['create', '-f', '-'], { stdin: manifest });
    const name = `${run.kind.toLowerCase()}/${run.metadata.name}`;
    await plane.kubectl(['wait', `--for=condition=Succeeded=${outcome}`, name, '--timeout=100s']);
    const { stdout } = await plane.kubectl(['get', name, '-o', 'json']);
    return statusOf(stdout);
  };

  it('end as the annotations of their run say', async () => {
    const results = { IMAGE_URL: 'r.example/app', LIST: ['a', 'b'], UNDECLARED: 'x' };
    const status = await finish({
      kind: 'TaskRun',
      metadata: { name: 'annotated', annotations: { 'testbed.hallmark.dev/results': JSON.stringify(results) } },
      spec: {
        taskSpec: {
          results: [{ name: 'IMAGE_URL' }, { name: 'LIST', type: 'array' }],
          steps: [step, { ...step, name: 'push', image: `gcr.io/x/y@${digest}` }],
        },
      },
    });
    assert.deepEqual(status.results, [
      { name: 'IMAGE_URL', type: 'string', value: 'r.example/app' },
      { name: 'LIST', type: 'array', value: ['a', 'b'] },
    ]);
    assert.match(status.steps[0]?.imageID ?? '', /^docker\.io\/library\/alpine@sha256:[0-9a-f]{64}$/);
    assert.equal(status.steps[1]?.imageID, `gcr.io/x/y@${digest}`);
  });

  it('fail with the annotated exit code', async () => {
    const run = {
      kind: 'TaskRun',
      metadata: { name: 'annotated-failure', annotations: { 'testbed.hallmark.dev/exit-code': '3' } },
      spec: { taskSpec: { steps: [step] } },
    };
    const { steps } = await finish(run, 'False');
    assert.equal(steps[0]?.terminated?.exitCode, 3);
  });

  it('end as a behaviour says, which learns what each step is', async () => {
    const seen: TektonStep[] = [];
    agent.setTektonBehaviour((asked) => {
      seen.push(asked);
      return { results: { OUT: `from ${asked.taskName}` }, imageID: '' };
    });
    const status = await finish({
      kind: 'PipelineRun',
      metadata: { name: 'decided' },
      spec: {
        pipelineSpec: {
          results: [{ name: 'OUT', value: '$(tasks.only.results.OUT)' }],
          tasks: [{ name: 'only', taskSpec: { results: [{ name: 'OUT' }], steps: [step] } }],
        },
      },
    });
    assert.deepEqual(status.results, [{ name: 'OUT', value: 'from only' }]);
    const [asked] = seen;
    assert.equal(asked?.pipelineRun, 'decided');
    assert.equal(asked.stepName, 'build');
    assert.deepEqual([asked.command, asked.results, asked.isLast], [['true'], ['OUT'], true]);
  });

  it('run the commands and scripts of their steps, and hand results from task to task', async () => {
    const consumer = {
      params: [{ name: 'in' }],
      workspaces: [{ name: 'src' }],
      results: [{ name: 'OUT' }, { name: 'FROM_STEP', value: '$(steps.write.results.thing)' }],
      steps: [
        {
          name: 'write',
          image: 'alpine',
          results: [{ name: 'thing' }],
          script: 'echo "$(params.in)" > $(workspaces.src.path)/file\nprintf thing > $(step.results.thing.path)\n',
        },
        {
          name: 'read',
          image: 'alpine',
          workingDir: '$(workspaces.src.path)',
          command: ['/bin/sh', '-c'],
          args: ['printf "%s and $0" "$(cat file)" > $(results.OUT.path)', '$(steps.write.results.thing)'],
        },
      ],
    };
    const status = await finish({
      kind: 'PipelineRun',
      metadata: { name: 'executed' },
      spec: {
        workspaces: [{ name: 'src', emptyDir: {} }],
        pipelineSpec: {
          workspaces: [{ name: 'src' }],
          results: [
            { name: 'OUT', value: '$(tasks.consume.results.OUT)' },
            { name: 'FROM_STEP', value: '$(tasks.consume.results.FROM_STEP)' },
          ],
          tasks: [
            {
              name: 'produce',
              taskSpec: {
                results: [{ name: 'OUT' }],
                steps: [{ name: 's', image: 'alpine', script: '#!/bin/sh\nprintf alpha > $(results.OUT.path)\n' }],
              },
            },
            {
              name: 'consume',
              params: [{ name: 'in', value: '$(tasks.produce.results.OUT)' }],
              workspaces: [{ name: 'src' }],
              taskSpec: consumer,
            },
          ],
        },
      },
    });
    assert.deepEqual(status.results, [
      { name: 'OUT', value: 'alpha and thing' },
      { name: 'FROM_STEP', value: 'thing' },
    ]);
  });

  it("find their image's own folders and their ServiceAccount's registry login", async () => {
    const login = { auths: { 'r.example': { auth: 'dTpw' } } };
    await plane.kubectl(['apply', '-f', '-'], {
      stdin: JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 'push', namespace: 'default' },
            type: 'kubernetes.io/dockerconfigjson',
            stringData: { '.dockerconfigjson': JSON.stringify(login) },
          },
          {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: { name: 'builder', namespace: 'default' },
            secrets: [{ name: 'push' }],
          },
        ],
      }),
    });
    const command = ['/tools/sh', '-ec', '/tools/cat "$HOME/.docker/config.json" > $(results.LOGIN.path)'];
    const steps = [{ name: 's', image: 'registry.invalid/tools:1', command }];
    const spec = { serviceAccountName: 'builder', taskSpec: { results: [{ name: 'LOGIN' }], steps } };
    const { results } = await finish({ kind: 'TaskRun', metadata: { name: 'equipped' }, spec });
    assert.deepEqual(results, [{ name: 'LOGIN', type: 'string', value: JSON.stringify(login) }]);
  });

  it('skip the steps behind one that failed, and go on behind one that may fail', async () => {
    const shell = (name: string, script: string): object => ({ name, image: 'alpine', script });
    const failing = { taskSpec: { steps: [shell('bad', 'exit 7'), shell('never', 'echo unreachable')] } };
    const { steps } = await finish({ kind: 'TaskRun', metadata: { name: 'skipping' }, spec: failing }, 'False');
    assert.deepEqual(
      steps.map(({ terminated, terminationReason }) => [terminated?.exitCode, terminationReason]),
      [
        [7, 'Error'],
        [1, 'Skipped'],
      ],
    );
    assert.doesNotMatch(agent.logs('default', 'skipping'), /unreachable/);
    const lenient = { ...shell('bad', 'exit 7'), onError: 'continue' };
    const spec = { taskSpec: { steps: [lenient, shell('next', 'echo reached')] } };
    const forgiven = await finish({ kind: 'TaskRun', metadata: { name: 'forgiving' }, spec });
    assert.equal(forgiven.steps[0]?.terminationReason, 'Continued');
    assert.equal(forgiven.steps[0].terminated?.exitCode, 7);
    assert.match(agent.logs('default', 'forgiving'), /reached/);
  });

  it('fail a step whose results are too long for a termination message', async () => {
    const script = 'head -c 5000 /dev/zero | tr "\\0" x > $(results.LONG.path)';
    const spec = { taskSpec: { results: [{ name: 'LONG' }], steps: [{ name: 's', image: 'alpine', script }] } };
    const { steps } = await finish({ kind: 'TaskRun', metadata: { name: 'talkative' }, spec }, 'False');
    assert.equal(steps[0]?.terminated?.exitCode, 1);
  });

  it('fail with the signal that killed a step', async () => {
    const steps = [{ name: 's', image: 'alpine', script: 'sleep 600' }];
    const ended = finish({ kind: 'TaskRun', metadata: { name: 'shot' }, spec: { taskSpec: { steps } } }, 'False');
    await waitUntil('the step runs', () => {
      try {
        agent.kill('default', 'shot-pod');
        return true;
      } catch {
        return false;
      }
    });
    assert.equal((await ended).steps[0]?.terminated?.exitCode, 137);
  });

  it('end at once when their run is cancelled', async () => {
    const spec = { taskSpec: { steps: [{ name: 's', image: 'alpine', script: 'echo begun; sleep 600' }] } };
    const manifest = JSON.stringify({
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata: { name: 'cancelled' },
      spec,
    });
    await plane.kubectl(['create', '-f', '-'], { stdin: manifest });
    await plane.kubectl([
      'wait',
      '--for=jsonpath={.status.steps[0].running.startedAt}',
      'taskrun/cancelled',
      '--timeout=100s',
    ]);
    const cancel = JSON.stringify({ spec: { status: 'TaskRunCancelled' } });
    await plane.kubectl(['patch', 'taskrun', 'cancelled', '--type=merge', '-p', cancel]);
    await plane.kubectl(['wait', '--for=delete', 'pod/cancelled-pod', '--timeout=100s']);
    assert.equal(
      agent.pods().some(({ name }) => name === 'cancelled-pod'),
      false,
    );
  });
});

const Status = Type.Object({
  results: Type.Optional(Type.Array(Type.Unknown())),
  steps: Type.Optional(
    Type.Array(
      Type.Object({
        imageID: Type.Optional(Type.String()),
        terminationReason: Type.Optional(Type.String()),
        terminated: Type.Optional(Type.Object({ exitCode: Type.Integer() })),
      }),
    ),
  ),
});

type Finished = Required<Static<typeof Status>>;

function statusOf(run: string): Finished {
  const { status } = Value.Parse(Type.Object({ status: Status }), JSON.parse(run));
  return { results: [], steps: [], ...status };
}
