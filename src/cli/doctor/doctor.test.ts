// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import { field, isObject, listField, objectField } from '../../json/fields.ts';
import { ADMISSION_BINDINGS, DEPLOYMENTS } from '../../kube/cluster-resources.ts';
import { CONFIG_MAPS, NAMESPACES } from '../../kube/core-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { LEASES, microTime } from '../../kube/lease/lease-record.ts';
import { ModelApi, notServed } from '../../kube/model-api.fixture.ts';
import { resourceName } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { Check } from './check.ts';
import { checkEndpoints, endpointsIn } from './check-endpoints.ts';
import { checkKinds, definitionState } from './check-kinds.ts';
import { checkNamespace } from './check-namespace.ts';
import { checkedObject, checkObjects } from './check-objects.ts';
import { checkOperator, type OperatorScope } from './check-operator.ts';
import { checkRights } from './check-rights.ts';
import { checkRuns } from './check-runs.ts';
import { checkServer } from './check-server.ts';
import { doctorJson, doctorText, isHealthy } from './doctor-report.ts';
import { operatorFacts } from './operator-facts.ts';

const { signal } = new AbortController();
const now = new Date('2026-01-01T00:00:00Z');
const operatorNamespace = 'hallmark-system';
const states = (checks: readonly Check[]): readonly string[] =>
  checks.map(({ subject, state }) => `${subject}: ${state}`);
const forbidden = (): KubeError => new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });

let api: ModelApi;
beforeEach(() => {
  api = new ModelApi(new ManualClock());
});

describe('the check of the cluster', () => {
  const cases: readonly (readonly [string, string, Date | undefined, readonly string[]])[] = [
    [
      'accepts a new server and the same time',
      'v1.33.1',
      new Date(now.getTime() - 1500),
      ['Kubernetes: OK', 'clock: OK'],
    ],
    ['refuses an old server', 'v1.30.9', now, ['Kubernetes: Failed', 'clock: OK']],
    [
      'warns of a clock that is ahead',
      'v1.31.0',
      new Date(now.getTime() + 20_000),
      ['Kubernetes: OK', 'clock: Warning'],
    ],
    ['says that it cannot see the version', 'unknown', now, ['Kubernetes: Unseen', 'clock: OK']],
    ['says that it cannot see the time', 'v1.31.0', undefined, ['Kubernetes: OK', 'clock: Unseen']],
  ];
  for (const [what, version, time, expected] of cases) {
    it(what, () => {
      assert.deepEqual(states(checkServer({ version, time }, now)), expected);
    });
  }
});

describe('the check of a namespace', () => {
  const look = async (namespace?: string): Promise<readonly string[]> =>
    states(await checkNamespace(api.client, { namespace, signal }));

  it('finds one that does not exist, such as one that is misspelt', async () => {
    await api.client.create(NAMESPACES, { metadata: { name: 'team-a' } }, { signal });
    assert.deepEqual(await look('team-a'), ['namespace team-a: OK']);
    assert.deepEqual(await look('taem-a'), ['namespace taem-a: Failed']);
    assert.deepEqual(await look(), []);
  });

  it('says that the caller may not see it', async () => {
    api.intercept = () => {
      throw forbidden();
    };
    assert.deepEqual(await look('team-a'), ['namespace team-a: Unseen']);
  });
});

describe('the check of kinds', () => {
  it('finds kinds that are not served, and those that the caller may not list', async () => {
    api.intercept = ({ resource }, serve) => {
      if (resource === 'taskruns.tekton.dev' || resource === 'policyceilings.hallmark.dev') throw notServed();
      if (resource.startsWith('clusters') || resource.startsWith('customresource')) throw forbidden();
      return serve();
    };
    const checks = await checkKinds(api.client, { namespace: 'team-a', signal });
    assert.deepEqual(states(checks), [
      'TaskRun: Failed',
      'PipelineRun: OK',
      'SigningPolicy: OK',
      'ClusterSigningPolicy: Unseen',
      'StorageBackend: OK',
      'ClusterStorageBackend: Unseen',
      'PolicyCeiling: Failed',
      'ProvenanceRecord: OK',
    ]);
  });

  const established = { conditions: [{ type: 'Established', status: 'True' }] };
  for (const [what, definition, state] of [
    [
      'accepts one that serves this version',
      { spec: { versions: [{ name: 'v1alpha1', served: true }] }, status: established },
      'OK',
    ],
    [
      'refuses one of another version',
      {
        spec: {
          versions: [
            { name: 'v1beta1', served: true },
            { name: 'v1alpha1', served: false },
          ],
        },
        status: established,
      },
      'Failed',
    ],
    [
      'refuses one that is not established',
      {
        spec: { versions: [{ name: 'v1alpha1', served: true }] },
        status: { conditions: [{ type: 'Established', status: 'False' }] },
      },
      'Failed',
    ],
  ] as const) {
    it(`${what} (definition)`, () => {
      assert.equal(definitionState(definition)[0], state);
    });
  }
});

describe('the check of the operator', () => {
  let clock: ManualClock;
  let scope: OperatorScope;
  beforeEach(() => {
    clock = new ManualClock(now);
    scope = { operatorNamespace, version: '1.0.0', clock, signal };
  });

  async function deployment(status: object, version = '1.0.0'): Promise<void> {
    const template = { serviceAccountName: 'signer', volumes: [{ name: 'config', configMap: { name: 'hallmark' } }] };
    const labels = { 'app.kubernetes.io/name': 'hallmark', 'app.kubernetes.io/version': version };
    const metadata = { namespace: operatorNamespace, name: 'hallmark', labels };
    const made = { metadata, spec: { replicas: 2, template: { spec: template } }, status };
    await api.client.create(DEPLOYMENTS, made, { signal });
  }

  async function lease(namespace: string, name: string, holder: string, agoSeconds = 3): Promise<void> {
    const renewTime = microTime(new Date(now.getTime() - agoSeconds * 1000));
    const spec = { holderIdentity: holder, leaseDurationSeconds: 15, renewTime };
    await api.add({ ...LEASES, parse: (object: unknown) => object }, { metadata: { namespace, name }, spec });
  }

  /** A replica that renewed its Lease then, and the shard that it took long ago. */
  async function replica(namespace: string, index: number, agoSeconds = 3): Promise<void> {
    await lease(namespace, `hallmark-member-${index}`, `pod-${index}`, agoSeconds);
    await lease(namespace, `hallmark-shard-${index}`, `pod-${index}`, 9999);
  }

  it('accepts replicas that hold all shards', async () => {
    await deployment({ availableReplicas: 2 });
    await replica(operatorNamespace, 0);
    await replica(operatorNamespace, 1);
    const checks = await checkOperator(api.client, scope);
    assert.deepEqual(states(checks), [
      'Deployment in hallmark-system: OK',
      'Leases in hallmark-system: OK',
      'a second operator: OK',
    ]);
  });

  const faults: readonly (readonly [string, () => Promise<void>, string])[] = [
    ['no available replica', () => deployment({}), 'Deployment in hallmark-system: Failed'],
    ['too few replicas', () => deployment({ availableReplicas: 1 }), 'Deployment in hallmark-system: Warning'],
    ['another version', () => deployment({ availableReplicas: 2 }, '0.9.0'), 'Deployment in hallmark-system: Warning'],
    ['no Deployment', () => Promise.resolve(), 'Deployment in hallmark-system: Warning'],
    [
      'a replica that does not renew its Lease',
      () => replica(operatorNamespace, 0, 60),
      'Leases in hallmark-system: Failed',
    ],
    [
      'a shard without a holder',
      () => lease(operatorNamespace, 'hallmark-shard-0', ''),
      'Leases in hallmark-system: Failed',
    ],
    ['a clock that is ahead', () => replica(operatorNamespace, 0, -30), 'Leases in hallmark-system: Warning'],
    ['a second operator', () => replica('other', 0), 'a second operator: Warning'],
  ];
  for (const [what, make, expected] of faults) {
    it(`finds ${what}`, async () => {
      await make();
      assert.ok(states(await checkOperator(api.client, scope)).includes(expected));
    });
  }

  describe('where replicas work and a shard has none', () => {
    let isTaken: boolean;
    beforeEach(async () => {
      isTaken = false;
      await replica(operatorNamespace, 0);
      await lease(operatorNamespace, 'hallmark-shard-1', '');
      api.intercept = ({ resource }, serve) => {
        const leases = serve();
        if (resource !== resourceName(LEASES) || !isTaken) return leases;
        const items = listField(leases, 'items').filter((item) => !JSON.stringify(item).includes('hallmark-shard-1'));
        return isObject(leases) ? { ...leases, items } : leases;
      };
    });

    it('waits until one takes it', async () => {
      const checks = checkOperator(api.client, scope);
      await clock.advance(4000);
      isTaken = true;
      await clock.advance(500);
      assert.ok(states(await checks).includes('Leases in hallmark-system: OK'));
    });

    it('reports it once that takes too long', async () => {
      const checks = checkOperator(api.client, scope);
      await clock.advance(20_000);
      assert.ok(states(await checks).includes('Leases in hallmark-system: Failed'));
    });
  });

  it('reads the ServiceAccount and the watched namespaces of an installation', async () => {
    await deployment({});
    assert.deepEqual(await operatorFacts(api.client, scope), { account: 'signer', watched: [] });
    const data = { 'config.yaml': 'watchNamespaces: ["team-a", "team-b"]\n' };
    await api.add(
      { ...CONFIG_MAPS, parse: (object: unknown) => object },
      { metadata: { namespace: operatorNamespace, name: 'hallmark' }, data },
    );
    assert.deepEqual(await operatorFacts(api.client, scope), { account: 'signer', watched: ['team-a', 'team-b'] });
    api.intercept = ({ resource }, serve) => {
      if (resource === 'configmaps') throw forbidden();
      return serve();
    };
    assert.deepEqual(await operatorFacts(api.client, scope), { account: 'signer', watched: [] });
  });

  it('takes an operator that stopped elsewhere for none', async () => {
    await replica('other', 0, 600);
    await lease('unrelated', 'etcd-member-1', 'x');
    assert.ok(states(await checkOperator(api.client, scope)).includes('a second operator: OK'));
  });

  it('says what the caller may not see', async () => {
    api.intercept = () => {
      throw forbidden();
    };
    const checks = await checkOperator(api.client, scope);
    assert.deepEqual(
      checks.map(({ state }) => state),
      ['Unseen', 'Unseen', 'Unseen'],
    );
  });
});

describe('the check of rights', () => {
  const scope = { namespace: 'team-a', operatorNamespace, account: 'signer', watched: [], signal };
  const binding = { metadata: { name: 'hallmark-system-hallmark-records' } };

  it('asks for each right of the ServiceAccount', async () => {
    const asked: unknown[] = [];
    api.intercept = ({ verb, body }, serve) => {
      if (verb !== 'create') return serve();
      asked.push(field(body, 'spec'));
      const attributes = field(field(body, 'spec'), 'resourceAttributes');
      return { status: { allowed: field(attributes, 'resource') !== 'secrets' } };
    };
    const [rights] = await checkRights(api.client, scope);
    assert.deepEqual([rights?.state, asked.length], ['Failed', 7]);
    assert.match(rights?.message ?? '', /^signer may not get secrets in namespace team-a/);
    assert.deepEqual(asked[5], {
      user: 'system:serviceaccount:hallmark-system:signer',
      resourceAttributes: {
        verb: 'update',
        group: 'hallmark.dev',
        resource: 'provenancerecords',
        subresource: 'status',
        namespace: 'team-a',
      },
    });
  });

  it('asks about the namespaces that the operator watches alone', async () => {
    const namespaces = new Set<unknown>();
    api.intercept = ({ verb, body }, serve) => {
      if (verb !== 'create') return serve();
      const { namespace, resource } = objectField(objectField(body, 'spec'), 'resourceAttributes');
      namespaces.add(namespace);
      return { status: { allowed: namespace === 'team-a' || resource !== 'secrets' } };
    };
    const all = { ...scope, namespace: undefined };
    const [one] = await checkRights(api.client, { ...all, watched: ['team-a'] });
    assert.deepEqual([one?.state, one?.message], ['OK', 'signer may read runs and write records in namespace team-a']);
    assert.deepEqual([...namespaces], ['team-a']);
    const [two] = await checkRights(api.client, { ...all, watched: ['team-a', 'team-b'] });
    assert.match(two?.message ?? '', /^signer may not get secrets in namespace team-b: install/);
    const [other] = await checkRights(api.client, { ...scope, watched: ['team-b'] });
    assert.deepEqual(
      [other?.state, other?.message],
      ['Failed', 'it does not watch team-a, so nothing is signed there: add it to watchNamespaces of the chart'],
    );
  });

  it('finds the admission policy of this installation', async () => {
    api.intercept = ({ verb }, serve) => (verb === 'create' ? { status: { allowed: true } } : serve());
    assert.deepEqual(states(await checkRights(api.client, scope)), ['the operator: OK', 'admission policy: Warning']);
    api.intercept = (_request, serve) => serve();
    await api.client.create(ADMISSION_BINDINGS, binding, { signal });
    const unknown = await checkRights(api.client, { ...scope, account: undefined });
    assert.deepEqual(states(unknown), ['the operator: Unseen', 'admission policy: OK']);
  });
});

describe('the check of policies and backends', () => {
  const look = async (): Promise<readonly string[]> =>
    (await checkObjects(api.client, { namespace: 'team-a', signal })).map(
      ({ check }) => `${check.subject}: ${check.state}`,
    );

  it('warns where there is none, so that nothing is signed or stored', async () => {
    assert.deepEqual(await look(), ['policies: Warning', 'backends: Warning']);
    const policy = { metadata: { name: 'builds', namespace: 'team-a' }, spec: {} };
    await api.client.create(hallmarkResource('SigningPolicy'), policy, { signal });
    assert.deepEqual(await look(), ['backends: Warning', 'SigningPolicy team-a/builds: Warning']);
  });

  it('does not warn where there may be some that the caller may not see', async () => {
    api.intercept = ({ resource }, serve) => {
      if (resource.startsWith('clusters')) throw forbidden();
      return serve();
    };
    assert.deepEqual(await look(), []);
  });

  const identity = { namespace: 'team-a', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  const object = (conditions: readonly object[], generation = 1): unknown => ({
    metadata: { ...identity, name: 'builds', generation },
    status: { conditions: conditions.map((each) => ({ observedGeneration: 1, message: 'because', ...each })) },
  });
  const ready = { type: 'Ready', status: 'True', reason: 'Ready' };
  const cases: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['accepts a Ready one', object([ready]), 'OK', /^Ready: because/],
    [
      'shows the reason of one that is not',
      object([{ ...ready, status: 'False', reason: 'KeyNotFound' }]),
      'Failed',
      /^KeyNotFound: because/,
    ],
    [
      'fails for no suspended one',
      object([{ ...ready, status: 'False', reason: 'Suspended' }]),
      'Warning',
      /^Suspended/,
    ],
    [
      'warns of a key that ends',
      object([ready, { type: 'KeyReady', status: 'False', reason: 'KeyExpired' }]),
      'Warning',
      /^KeyExpired/,
    ],
    ['warns of one that was edited since', object([ready], 2), 'Warning', /has not looked at it yet/],
    [
      'warns of one without a status',
      { metadata: { ...identity, name: 'a', generation: 1 } },
      'Warning',
      /has not looked at it yet/,
    ],
  ];
  for (const [what, given, state, message] of cases) {
    it(what, () => {
      const { check } = checkedObject('SigningPolicy', given);
      assert.equal(check.state, state);
      assert.match(check.message, message);
    });
  }
});

describe('the check of runs', () => {
  it('finds deleted runs that a finalizer keeps', async () => {
    const run = (name: string, deletionTimestamp: string | undefined, finalizers: readonly string[]) =>
      api.add(runResources.TaskRun, { metadata: { namespace: 'team-a', name, deletionTimestamp, finalizers } });
    await run('working', undefined, [DELETION_GUARD]);
    await run('foreign', '2026-01-01T00:00:00Z', ['example.com/mine']);
    for (let index = 0; index < 7; index += 1) await run(`held-${index}`, '2026-01-01T00:00:00Z', [DELETION_GUARD]);
    await run('chained', '2026-01-01T00:00:00Z', ['chains.tekton.dev']);
    const checks = await checkRuns(api.client, { namespace: undefined, signal });
    assert.deepEqual(states(checks), [
      'deleted TaskRuns: Warning',
      'deleted TaskRuns: Warning',
      'deleted PipelineRuns: OK',
    ]);
    assert.match(checks[0]?.message ?? '', /^chains\.tekton\.dev keeps team-a\/chained:/);
    assert.match(checks[1]?.message ?? '', /keeps team-a\/held-0, .*held-4 and 2 more: .*release-runs/);
  });
});

describe('the servers that policies and backends name', () => {
  const specs = [
    {
      transparency: {
        rekor: { url: 'https://rekor.example' },
        timestampAuthorities: [{ url: 'https://tsa.example/x' }],
      },
    },
    { signer: { keyless: { fulcioURL: 'https://fulcio.example' } }, text: { url: 'not one' } },
    { oci: { repository: 'reg.example:5000/a/b' }, more: { url: 'https://rekor.example' } },
  ];

  it('are each found once', () => {
    assert.deepEqual(endpointsIn(specs).map(String), [
      'https://rekor.example/',
      'https://tsa.example/x',
      'https://fulcio.example/',
      'https://reg.example:5000/v2/',
    ]);
    assert.deepEqual(endpointsIn([{ oci: { repository: 'not a host/x' } }]), []);
  });

  it('count as reached with any answer', async () => {
    const egress = {
      request: ({ url }: { readonly url: URL }) => {
        if (url.host === 'down.example' || url.href === 'https://plain.example/v2/')
          return Promise.reject(new Error('connection refused'));
        return Promise.resolve({
          status: url.host === 'ill.example' ? 503 : 401,
          headers: {},
          body: Buffer.alloc(0),
          url,
        });
      },
    };
    const urls = [
      'https://up.example/',
      'https://ill.example/',
      'https://down.example/',
      'https://plain.example/v2/',
    ].map((url) => new URL(url));
    const checks = await checkEndpoints(egress, urls, signal);
    assert.deepEqual(
      checks.map(({ state }) => state),
      ['OK', 'Warning', 'Warning', 'OK'],
    );
    assert.match(checks[2]?.message ?? '', /connection refused/);
  });
});

describe('the report of checks', () => {
  const checks: readonly Check[] = [
    { area: 'a', subject: 'one', state: 'OK', message: 'fine' },
    { area: 'b', subject: 'two', state: 'Unseen', message: 'no right' },
    { area: 'a', subject: 'three', state: 'Warning', message: 'hm \u001B[2J' },
  ];

  it('groups by area, counts, and escapes', () => {
    const text = doctorText(checks);
    assert.match(
      text,
      /^a\n {2}ok {7}one: fine\n {2}warning {2}three: hm \\u001b\[2J\n\nb\n {2}unseen {3}two: no right\n\nok: 1, warnings: 1, failed: 0; not visible with your rights: 1$/,
    );
  });

  it('is healthy unless something failed', () => {
    assert.equal(isHealthy(checks), true);
    const failed: readonly Check[] = [...checks, { area: 'a', subject: 'x', state: 'Failed', message: '' }];
    assert.equal(isHealthy(failed), false);
    assert.equal(field(JSON.parse(doctorJson(failed)), 'isHealthy'), false);
  });
});
