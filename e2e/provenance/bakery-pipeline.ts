// SPDX-License-Identifier: Apache-2.0

/** The team's namespace. */
export const NAMESPACE = 'bakery';
/** The one resolver that is asked for things from outside of the cluster; see ShelfResolver. */
export const RESOLVER = 'shelf';
/** The value that a policy hides. */
export const SECRET_VALUE = 'planted-oven-token-8841';
export const SOURCE = { url: 'https://git.example.com/bakery/bread.git', revision: '5e3c9f1a' };
export const COMMIT = '8d3c1f3f2f9a0c6e5b7d4a1908e7f6d5c4b3a291';
/** The matrix has one TaskRun for each. */
export const FLAVOURS = ['rye', 'spelt', 'wheat'];

const fromShelf = (name: string) => ({ resolver: RESOLVER, params: [{ name: 'name', value: name }] });
const image = (name: string): string => `registry.example.com/tools/${name}:1`;

/** A StepAction that only the resolver has. */
export const cloneStepAction = {
  apiVersion: 'tekton.dev/v1beta1',
  kind: 'StepAction',
  metadata: { name: 'clone' },
  spec: {
    params: [{ name: 'url' }, { name: 'revision', default: 'main' }],
    results: [{ name: 'CHAINS-GIT_URL' }, { name: 'CHAINS-GIT_COMMIT' }],
    image: image('git'),
    command: ['git', 'clone', '$(params.url)', '--revision', '$(params.revision)'],
  },
};

/** A StepAction of the cluster. */
export const weighStepAction = {
  apiVersion: 'tekton.dev/v1beta1',
  kind: 'StepAction',
  metadata: { name: 'weigh', namespace: NAMESPACE },
  spec: {
    results: [{ name: 'grams' }],
    image: image('scales'),
    script: '#!/bin/sh\nweigh "$(workspaces.scratch.path)" > "$(step.results.grams.path)" && echo "<done>"\n',
  },
};

const fetchTask = {
  name: 'fetch',
  params: [{ name: 'source', value: '$(params.source[*])' }],
  workspaces: [{ name: 'recipe' }, { name: 'scratch' }],
  taskSpec: {
    params: [{ name: 'source', type: 'object', properties: { url: {}, revision: {} } }],
    workspaces: [{ name: 'recipe', readOnly: true }, { name: 'scratch' }],
    results: [
      { name: 'commit', value: '$(steps.clone.results.CHAINS-GIT_COMMIT)' },
      { name: 'grams', value: '$(steps.weigh.results.grams)' },
    ],
    steps: [
      {
        name: 'clone',
        ref: fromShelf('clone'),
        params: [
          { name: 'url', value: '$(params.source.url)' },
          { name: 'revision', value: '$(params.source.revision)' },
        ],
      },
      { name: 'weigh', ref: { name: 'weigh' } },
    ],
  },
};

const bakeTask = {
  name: 'bake',
  runAfter: ['fetch'],
  params: [{ name: 'oven-token', value: '$(params.oven-token)' }],
  matrix: { params: [{ name: 'flavour', value: ['$(params.flavours[*])'] }] },
  workspaces: [{ name: 'pantry' }],
  taskSpec: {
    params: [{ name: 'flavour' }, { name: 'oven-token' }],
    workspaces: [{ name: 'pantry' }],
    results: [{ name: 'IMAGE_URL' }, { name: 'IMAGE_DIGEST' }],
    steps: [
      {
        name: 'oven',
        image: image('oven'),
        env: [{ name: 'OVEN_TOKEN', value: '$(params.oven-token)' }],
        command: ['bake', '$(params.flavour)', '--token=$(params.oven-token)'],
        computeResources: { requests: { memory: '1024Mi', cpu: '500m' } },
      },
    ],
  },
};

const tasteTask = {
  name: 'taste',
  onError: 'continue',
  timeout: '90m',
  taskSpec: { steps: [{ name: 'bite', image: image('taster'), command: ['taste'] }] },
};

const approveTask = {
  name: 'approve',
  taskRef: { apiVersion: 'custom.example.com/v1', kind: 'Approval', name: 'head-baker' },
  params: [{ name: 'commit', value: '$(tasks.fetch.results.commit)' }],
};

const packTask = {
  name: 'pack',
  runAfter: ['bake', 'taste'],
  params: [{ name: 'approver', value: '$(tasks.approve.results.approver)' }],
  workspaces: [{ name: 'pantry' }],
  taskSpec: {
    params: [{ name: 'approver' }],
    workspaces: [{ name: 'pantry' }],
    results: [
      { name: 'IMAGE_URL' },
      { name: 'IMAGE_DIGEST' },
      { name: 'sbom-ARTIFACT_OUTPUTS', type: 'object', properties: { uri: {}, digest: {}, isBuildArtifact: {} } },
      { name: 'labels', type: 'array' },
    ],
    steps: [{ name: 'box', image: image('box'), command: ['pack', '--approved-by', '$(params.approver)'] }],
  },
};

const cleanTask = {
  name: 'clean',
  params: [{ name: 'outcome', value: '$(tasks.taste.status)' }],
  taskSpec: { params: [{ name: 'outcome' }], steps: [{ name: 'sweep', image: image('broom'), command: ['sweep'] }] },
};

/** A pipeline with one of everything, which only the resolver has. */
export const loafPipeline = {
  apiVersion: 'tekton.dev/v1',
  kind: 'Pipeline',
  metadata: { name: 'loaf' },
  spec: {
    params: [
      { name: 'source', type: 'object', properties: { url: {}, revision: {} } },
      { name: 'flavours', type: 'array', default: ['wheat'] },
      { name: 'oven-token', type: 'string' },
      { name: 'greeting', type: 'string', default: 'fresh & <warm>' },
    ],
    workspaces: [{ name: 'recipe' }, { name: 'scratch' }, { name: 'pantry' }],
    results: [
      { name: 'IMAGE_URL', value: '$(tasks.pack.results.IMAGE_URL)' },
      { name: 'IMAGE_DIGEST', value: '$(tasks.pack.results.IMAGE_DIGEST)' },
      { name: 'commit', value: '$(tasks.fetch.results.commit)' },
      { name: 'labels', type: 'array', value: '$(tasks.pack.results.labels[*])' },
    ],
    tasks: [fetchTask, bakeTask, tasteTask, approveTask, packTask],
    finally: [cleanTask],
  },
};

/** A run of it. */
export function loafRun(name: string): object {
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } };
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name, namespace: NAMESPACE, annotations: { 'bakery.example.com/note': 'quotes " & <tags>' } },
    spec: {
      pipelineRef: fromShelf('loaf'),
      timeouts: { pipeline: '90m' },
      params: [
        { name: 'source', value: SOURCE },
        { name: 'flavours', value: FLAVOURS },
        { name: 'oven-token', value: SECRET_VALUE },
      ],
      workspaces: [
        { name: 'recipe', configMap: { name: 'recipe' } },
        { name: 'scratch', emptyDir: {} },
        { name: 'pantry', volumeClaimTemplate: { spec: storage } },
      ],
    },
  };
}

/** A PipelineRun of plain tasks, which end as the Kitchen knows them by name. */
export function plainRun(
  name: string,
  tasks: readonly string[],
  labels: Readonly<Record<string, string>> = {},
): object {
  const taskSpec = { steps: [{ name: 'work', image: image('spoon'), command: ['stir'] }] };
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: { pipelineSpec: { tasks: tasks.map((task) => ({ name: task, taskSpec })) } },
  };
}

/** A TaskRun on its own that fails. */
export function burntRun(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name, namespace: NAMESPACE, labels, annotations: { 'testbed.hallmark.dev/exit-code': '3' } },
    spec: { taskSpec: { steps: [{ name: 'oven', image: image('oven'), command: ['bake'] }] } },
  };
}
