// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import type { Interruption } from '../../src/storage/contract/interruptions.contract.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { Cluster } from '../harness/cluster.ts';
import type { CutProxy } from '../testbed/control-plane/cut-proxy.ts';
import { writeKubeconfig } from '../testbed/control-plane/write-kubeconfig.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { installTektonKinds } from '../testbed/tekton/tekton.ts';
import { breakAt } from './interrupted.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const sha256 = 'ab'.repeat(32);
const subjects = [{ name: 'reg.example/bread', digest: { sha256 } }];

let bed: StorageBed;
let cluster: Cluster;
let proxy: CutProxy;
let proxied: string;
let namespace: string;
let signer: KeySigner;

before(async () => {
  bed = await StorageBed.start('tekton-storage');
  // Only the API of Tekton is needed; its controller would go on writing to the runs.
  await installTektonKinds(bed.plane);
  cluster = new Cluster(bed.plane);
  proxy = await bed.plane.cutProxy();
  proxied = bed.plane.kubeconfigVia(proxy);
  namespace = await bed.namespace();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = { 'x509.pem': Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })) };
  signer = await loadKeySigner(data, 'signing-secrets');
});
after(() => bed.stop());

function driver(kubeconfigPath = bed.plane.kubeconfigPath): StorageDriver {
  const spec = {
    type: 'Tekton',
    selector: {},
    keys: 'Reference',
    acceptFrom: [],
    artifacts: ['Attestation', 'ImageSignature'],
  } as const;
  return storageDriver({ kind: 'StorageBackend', name: 'runs', namespace, spec }, bed.context([], kubeconfigPath));
}

/** A driver that reaches the API server through a proxy which breaks at one request. */
async function interruptedDriver(request: number, lost: 'Request' | 'Answer'): Promise<Interruption> {
  const { proxy: faulty, kubeconfig } = await faultyApiServer();
  const came = breakAt(faulty, request, lost);
  return {
    driver: driver(kubeconfig),
    end: async () => {
      await faulty.stop();
      return came();
    },
  };
}

async function faultyApiServer(): Promise<{ readonly proxy: FaultProxy; readonly kubeconfig: string }> {
  const faulty = await FaultProxy.start({ target: bed.plane.url, tls: true });
  const directory = bed.supervisor.dataDirectory('faulty-api');
  const [caFile, kubeconfig] = [join(directory, `${randomUUID()}.crt`), join(directory, `${randomUUID()}.yaml`)];
  writeFileSync(caFile, faulty.ca ?? '');
  writeKubeconfig(kubeconfig, { server: faulty.url, caFile, token: bed.plane.adminToken, user: 'via-proxy' });
  return { proxy: faulty, kubeconfig };
}

const specs = {
  TaskRun: { taskSpec: { steps: [{ name: 'bake', image: 'alpine', command: ['true'] }] } },
  PipelineRun: {
    pipelineSpec: {
      tasks: [{ name: 'bake', taskSpec: { steps: [{ name: 's', image: 'alpine', command: ['true'] }] } }],
    },
  },
} as const;

/** A run of its own that exists, with an annotation of its user. */
async function createRun(
  kind: RunTarget['kind'] = 'TaskRun',
  name = `bake-${randomUUID().slice(0, 8)}`,
): Promise<RunTarget> {
  const metadata = { name, namespace, annotations: { owner: 'alice' } };
  const object = { apiVersion: 'tekton.dev/v1', kind, metadata, spec: specs[kind] };
  const run = await cluster.create(object);
  return runTarget(namespace, { kind, name, uid: String(at(run, 'metadata', 'uid')) });
}

function found(run: RunTarget): Promise<Manifest> {
  return cluster.json(['get', run.kind, run.name, '-n', run.namespace]);
}

async function annotations(run: RunTarget): Promise<Record<string, string>> {
  const all = asManifest(at(await found(run), 'metadata', 'annotations'));
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
}

async function annotate(run: RunTarget, annotations: Readonly<Record<string, string | null>>): Promise<void> {
  await cluster.patch(namespace, `${run.kind}/${run.name}`, { metadata: { annotations } });
}

async function failure(promise: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StorageError, String(error));
  return error;
}

const OTHER = 'another signature';

/** Has the API server store another signature with this run than the one that is sent. @returns what ends that */
async function storeOtherSignatures(run: RunTarget): Promise<() => Promise<void>> {
  const { name, uid } = run;
  const key = `chains.tekton.dev/signature-taskrun-${uid}`;
  const value = Buffer.from(OTHER).toString('base64');
  const api = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } };
  const rule = { apiGroups: ['tekton.dev'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['taskruns'] };
  const expression = `Object{metadata: Object.metadata{annotations: {${JSON.stringify(key)}: ${JSON.stringify(value)}}}}`;
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    matchConditions: [{ name: 'run', expression: `object.metadata.uid == ${JSON.stringify(uid)}` }],
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    reinvocationPolicy: 'Never',
    failurePolicy: 'Fail',
  };
  await cluster.apply(
    { ...api, kind: 'MutatingAdmissionPolicy', spec },
    { ...api, kind: 'MutatingAdmissionPolicyBinding', spec: { policyName: name } },
  );
  // The API server takes a policy up a moment after it is written.
  await waitUntil('the policy is in force', async () => {
    await annotate(run, { asked: randomUUID() });
    return (await annotations(run))[key] === value;
  });
  return async () => {
    for (const kind of ['mutatingadmissionpolicybinding', 'mutatingadmissionpolicy'])
      await cluster.kubectl(['delete', kind, name]);
  };
}

function statement(note?: string): Promise<SignedArtifact> {
  return signedStatement(signer, subjects, note);
}

function decoded(value: string | undefined): Buffer {
  assert.ok(value !== undefined);
  return Buffer.from(value, 'base64');
}

describe('Tekton storage', () => {
  describeStorageDriver('Tekton storage', {
    driver: () => driver(proxied),
    concurrentWriters: 'ByRecords',
    storesTogether: true,
    // The API server that holds runs is the one that the operator watches: its outage is not the backend's.
    probe: { seesServer: false },
    // One set of names a run: there is never more than one copy, so what counts is that it is whole.
    copies: async (run, artifact) => {
      const written = await annotations(run);
      const signatures = Object.keys(written).filter((name) => name.startsWith('chains.tekton.dev/signature-'));
      const [name = ''] = signatures;
      const isWhole = decoded(written[name]).equals(signatureText(artifact)) && Object.keys(written).length === 5;
      return isWhole ? signatures.length : 0;
    },
    interrupted: interruptedDriver,
    oversized: async () => ({
      run: await createRun(),
      artifact: await statement(randomBytes(100_000).toString('hex')),
    }),
    whileUnreachable: async (work) => {
      proxy.refuse();
      proxy.cut();
      await work().finally(() => {
        proxy.accept();
      });
    },
    fixture: async () => ({
      run: await createRun(),
      attestation: await statement(),
      image: await signedImage(signer, 'reg.example/bread', sha256),
    }),
    contents: async (run) => {
      const { resourceVersion, annotations } = asManifest(at(await found(run), 'metadata'));
      return JSON.stringify({ resourceVersion, annotations });
    },
  });

  it("writes the reference's four annotations for a TaskRun's attestation and touches nothing else", async () => {
    const run = await createRun('TaskRun');
    const artifact = await statement();
    const [location] = await driver().put(artifact, run, never);
    assert.equal(location?.uri, `tekton://${namespace}/taskruns/${run.name}/${run.uid}#taskrun-${run.uid}`);
    const written = await annotations(run);
    const key = `taskrun-${run.uid}`;
    assert.deepEqual(Object.keys(written).sort(), [
      `chains.tekton.dev/cert-${key}`,
      `chains.tekton.dev/chain-${key}`,
      `chains.tekton.dev/payload-${key}`,
      `chains.tekton.dev/signature-${key}`,
      'owner',
    ]);
    assert.deepEqual(decoded(written[`chains.tekton.dev/payload-${key}`]), artifact.payload);
    assert.deepEqual(decoded(written[`chains.tekton.dev/signature-${key}`]), signatureText(artifact));
    assert.equal(written[`chains.tekton.dev/cert-${key}`], '');
    assert.equal(written[`chains.tekton.dev/chain-${key}`], '');
    assert.equal(written['owner'], 'alice');
  });

  it('files a PipelineRun by its UID and an image signature by the digest, bare', async () => {
    const run = await createRun('PipelineRun');
    const image = await signedImage(signer, 'reg.example/bread', sha256);
    await driver().put(await statement(), run, never);
    await driver().put(image, run, never);
    const written = await annotations(run);
    assert.ok(written[`chains.tekton.dev/payload-pipelinerun-${run.uid}`]);
    assert.deepEqual(decoded(written['chains.tekton.dev/signature-abababababab']), image.signature);
    assert.deepEqual(decoded(written['chains.tekton.dev/payload-abababababab']), image.payload);
  });

  it("writes a run's evidence with one request, whose answer it reads first, and reads it with one later", async () => {
    const { proxy: counting, kubeconfig } = await faultyApiServer();
    try {
      const run = await createRun();
      const artifacts = [await statement(), await signedImage(signer, 'reg.example/bread', sha256)];
      const through = driver(kubeconfig);
      const places = (await through.putAll?.(artifacts, run, never))?.flat() ?? [];
      const read = async (): Promise<unknown> =>
        (await through.getAll?.(places, never))?.map((each) => !(each instanceof StorageError) && each.payload);
      const payloads = artifacts.map(({ payload }) => payload);
      assert.deepEqual(await read(), payloads);
      assert.equal(counting.asked(`/taskruns/${run.name}`).length, 1);
      assert.deepEqual(await read(), payloads);
      const requests = counting.asked(`/taskruns/${run.name}`);
      assert.deepEqual(
        requests.map(({ method }) => method),
        ['PATCH', 'GET'],
      );
      for (const { headers } of requests) assert.match(headers['accept'] ?? '', /as=PartialObjectMetadata;/);
    } finally {
      await counting.stop();
    }
  });

  it('reads right after a write what the API server stored, not what was sent', async () => {
    const run = await createRun();
    const end = await storeOtherSignatures(run);
    try {
      const writing = driver();
      const [location] = await writing.put(await statement(), run, never);
      assert.ok(location);
      assert.equal((await writing.get(location, never)).signature.toString(), OTHER);
      assert.equal((await driver().get(location, never)).signature.toString(), OTHER);
    } finally {
      await end();
    }
  });

  it('says RunDeleted when the run is gone, and never makes one', async () => {
    const run = await createRun();
    await cluster.delete(namespace, `${run.kind}/${run.name}`);
    const error = await failure(driver().put(await statement(), run, never));
    assert.equal(error.reason, 'RunDeleted');
    assert.match(error.message, new RegExp(`TaskRun ${namespace}/${run.name}`));
    const names = (await cluster.list(['taskruns', '-n', namespace])).map((each) => at(each, 'metadata', 'name'));
    assert.ok(names.length > 0 && !names.includes(run.name));
  });

  it('never annotates a later run of the same name', async () => {
    const run = await createRun();
    await cluster.delete(namespace, `${run.kind}/${run.name}`);
    const later = await createRun('TaskRun', run.name);
    const location = { uri: `tekton://${namespace}/taskruns/${run.name}/${run.uid}#taskrun-${run.uid}` };
    assert.equal((await failure(driver().put(await statement(), run, never))).reason, 'RunDeleted');
    assert.equal((await failure(driver().get(location, never))).reason, 'RunDeleted');
    assert.deepEqual(await annotations(later), { owner: 'alice' });
  });

  it('refuses evidence that no annotations can hold, and says where it fits', async () => {
    const run = await createRun();
    const huge = await statement(randomBytes(100_000).toString('hex'));
    const error = await failure(driver().put(huge, run, never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /262144.*OCI/);
    assert.deepEqual(await annotations(run), { owner: 'alice' });
  });

  it('says BackendRejected when the API server takes no more annotations', async () => {
    const run = await createRun();
    const filler = 'x'.repeat(100_000);
    await annotate(run, { filler, 'more-filler': filler });
    const error = await failure(driver().put(await statement(randomBytes(10_000).toString('hex')), run, never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /256 KiB.*OCI/);
  });

  it('says BackendUnauthorized when the operator may not patch runs', async () => {
    const run = await createRun();
    const kubeconfig = await bed.plane.kubeconfigFor(namespace, 'default');
    const error = await failure(driver(kubeconfig).put(await statement(), run, never));
    assert.equal(error.reason, 'BackendUnauthorized');
    assert.match(error.message, /patch taskruns/);
  });

  it('says BackendRejected when the annotations were taken away', async () => {
    const run = await createRun();
    const [location] = await driver().put(await statement(), run, never);
    assert.ok(location);
    await annotate(run, { [`chains.tekton.dev/signature-taskrun-${run.uid}`]: null });
    assert.equal((await failure(driver().get(location, never))).reason, 'BackendRejected');
  });
});
