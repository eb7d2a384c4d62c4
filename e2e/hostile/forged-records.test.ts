// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { asManifest, at, type Manifest, releaseNamespace } from '../chart/helm.ts';
import { conditionOf, storageOf } from '../harness/record.ts';
import type { Build } from '../harness/team.ts';
import { untilEstablished } from '../testbed/control-plane/until-established.ts';
import { CommandFailed } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { managedRuns } from '../resilience/managed-runs.ts';
import { signaturesInRegistry } from '../resilience/stored-signatures.ts';
import { HostileBed } from './hostile-bed.ts';

const RESOURCE = hallmarkResource('ProvenanceRecord');
const forger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const payload = Buffer.from('{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicate":{"planted":true}}');

type RunName = Pick<Build, 'name' | 'uid'>;

/** A record as the operator would make it, but for the seal: signed, with a key of the forger's. */
function forgery(bed: HostileBed, run: RunName, seal = randomBytes(32).toString('base64')) {
  const backendRefs = ['registry', 'tekton'].map((name) => ({ kind: 'StorageBackend', name }));
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: { name: bed.team.recordName(run), namespace: bed.team.name },
    spec: {
      runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: run.name, uid: run.uid },
      policyRef: { kind: 'SigningPolicy', name: 'builds' },
      outcome: 'Succeeded',
      completionTime: '2026-01-02T03:04:05Z',
      mode: 'Enforce',
      serviceAccountName: 'builder',
      backendRefs,
    },
    evidence: {
      artifacts: [
        {
          name: 'attestation',
          type: 'Attestation',
          form: 'InTotoStatement',
          payloadType: 'application/vnd.in-toto+json',
          payload: gzipSync(payload).toString('base64'),
          payloadDigest: `sha256:${createHash('sha256').update(payload).digest('hex')}`,
          subjectCount: 0,
          policyGeneration: 1,
          signature: sign('sha256', payload, forger.privateKey).toString('base64'),
          keyID: 'SHA256:planted',
          publicKey: forger.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        },
      ],
      seal,
    },
  };
}

/** A status that says everything is done. */
function forgedStatus(generation = 1) {
  const lastTransitionTime = '2026-01-02T03:04:05Z';
  const condition = (type: string, status: string) => {
    return { type, status, reason: 'Stored', message: 'planted', lastTransitionTime, observedGeneration: generation };
  };
  return {
    observedGeneration: generation,
    conditions: [
      ...['Ready', 'Signed', 'Stored'].map((type) => condition(type, 'True')),
      ...['Reconciling', 'Stalled'].map((type) => condition(type, 'False')),
    ],
    storage: ['registry', 'tekton'].map((name) => ({
      backendRef: { kind: 'StorageBackend', name },
      state: 'Stored',
      locations: [{ uri: 'https://planted.example.com' }],
      storedTime: lastTransitionTime,
    })),
    stored: '2/2',
    reason: 'Stored',
    message: 'planted',
    seal: randomBytes(32).toString('base64'),
  };
}

describe('a record forged under the name that the operator would use', () => {
  let bed: HostileBed;
  before(async () => {
    bed = await HostileBed.start({ label: 'forged-records', values: ['admissionPolicy.enabled=false'] });
  });
  after(() => bed.stop());

  const soon = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(30_000) });

  async function forge(run: RunName, seal?: string): Promise<string> {
    const made = await bed.client.create(RESOURCE, forgery(bed, run, seal), soon());
    const metadata = {
      ...forgery(bed, run).metadata,
      resourceVersion: String(at(made, 'metadata', 'resourceVersion')),
    };
    // The operator may have removed it already.
    await bed.client
      .replaceStatus(RESOURCE, { metadata, ...{ status: forgedStatus() } }, soon())
      .catch(() => undefined);
    return String(at(made, 'metadata', 'uid'));
  }

  async function unfinishedRun(name: string) {
    const image = await bed.team.registry.pushImage(`${bed.team.name}/app`, name);
    const run = await bed.runs.create({ name });
    return { run, build: { kind: 'TaskRun', name, uid: String(at(run, 'metadata', 'uid')), image } as const };
  }

  /** The record is the operator's, and so is all that is stored. */
  async function assertGenuine(build: Build, forgedUID: string): Promise<ProvenanceRecord> {
    const isOther = (record: ProvenanceRecord): boolean =>
      record.metadata.uid !== forgedUID && conditionOf(record)?.status === 'True';
    const record = await bed.recordWhen('is made anew and Ready', build, isOther);
    const artifacts = record.evidence?.artifacts ?? [];
    assert.equal(artifacts.length, 2);
    assert.ok(artifacts.every(({ publicKey }) => publicKey === bed.team.key.publicKey));
    assert.doesNotMatch(JSON.stringify(record), /planted/);
    const inRegistry = await signaturesInRegistry(bed.team, build);
    const forged = forgery(bed, build).evidence.artifacts.map(({ signature }) => signature);
    assert.ok(inRegistry.attestation.includes(artifacts[0]?.signature ?? ''));
    assert.deepEqual(
      forged.filter((signature) => inRegistry.attestation.includes(signature)),
      [],
    );
    return record;
  }

  it('before the run finishes is removed, and the genuine one takes its place', async () => {
    const { run, build } = await unfinishedRun('forged-before');
    const uid = await forge(build);
    await bed.runs.finish(run, { results: bed.runs.imageResults(build.image) });
    await assertGenuine(build, uid);
    await waitUntil('an Event tells of it', async () =>
      (await bed.installation.events(bed.team.name)).some(
        ({ reason, type }) => reason === 'VerificationFailed' && type === 'Warning',
      ),
    );
    await bed.assertUnharmed();
  });

  it('while the operator does not look is removed when it does', async () => {
    const { run, build } = await unfinishedRun('forged-unseen');
    await bed.operator.stop();
    const uid = await forge(build);
    await bed.runs.finish(run, { results: bed.runs.imageResults(build.image) });
    bed.operator.restart();
    await bed.operator.untilWorking();
    await assertGenuine(build, uid);
  });

  it("with the seal of another run's record is not taken for genuine", async () => {
    const other = await bed.runs.build({ name: 'model' });
    const seal = (await bed.readyRecord(other)).evidence?.seal;
    const { run, build } = await unfinishedRun('forged-seal');
    const uid = await forge(build, seal);
    await bed.runs.finish(run, { results: bed.runs.imageResults(build.image) });
    await assertGenuine(build, uid);
  });

  it('by adding to the evidence of a genuine one is removed and made anew', async () => {
    const build = await bed.runs.build({ name: 'forged-after' });
    const genuine = await bed.readyRecord(build);
    const [added] = forgery(bed, build).evidence.artifacts;
    const artifacts = [...(genuine.evidence?.artifacts ?? []), { ...added, name: 'image-000000000000' }];
    const metadata = { name: genuine.metadata.name, namespace: bed.team.name };
    await bed.client.mergePatch(RESOURCE, { metadata, ...{ evidence: { artifacts } } }, soon());
    await assertGenuine(build, genuine.metadata.uid);
    await bed.assertUnharmed();
  });

  it('cannot change a signature that is there: the API server refuses it', async () => {
    const build = await bed.runs.build({ name: 'changed-signature' });
    const genuine = await bed.readyRecord(build);
    const [forged] = forgery(bed, build).evidence.artifacts;
    const artifacts = genuine.evidence?.artifacts?.map((artifact) => ({ ...artifact, signature: forged?.signature }));
    const metadata = { name: genuine.metadata.name, namespace: bed.team.name };
    const patch = { metadata, ...{ evidence: { artifacts } } };
    await assert.rejects(bed.client.mergePatch(RESOURCE, patch, soon()), /signature must not change once it is set/);
  });

  it('by its status alone is not believed: what is not stored is not Ready', async () => {
    // Its image is where the operator does not go, so it never gets stored.
    const { run, build } = await unfinishedRun('forged-status');
    const results = [
      { name: 'IMAGE_URL', type: 'string', value: '127.0.0.1:1/app/app' },
      { name: 'IMAGE_DIGEST', type: 'string', value: build.image.digest },
    ];
    await bed.runs.finish(run, { results });
    const genuine = await bed.recordWithReason(build, 'EndpointForbidden');
    const status = forgedStatus(genuine.metadata.generation);
    const forged = await waitUntil('the forged status is written between two of the operator', async () => {
      const { name, namespace } = genuine.metadata;
      const { resourceVersion } = (await bed.record(build))?.metadata ?? {};
      const metadata = { name, namespace, resourceVersion };
      return await bed.client.replaceStatus(RESOURCE, { metadata, ...{ status } }, soon());
    });
    assert.equal(at(forged, 'status', 'reason'), 'Stored');
    const record = await bed.recordWithReason(build, 'EndpointForbidden');
    assert.equal(record.metadata.uid, genuine.metadata.uid);
    assert.equal(storageOf(record, 'registry')?.state, 'Pending');
    assert.doesNotMatch(JSON.stringify(record.status), /planted/);
  });

  it('about a run that never was is disowned, and stored nowhere', async () => {
    const run = { name: 'never-was', uid: '0d3c7f7e-8a1e-4b8a-9f2e-1f3a5b7c9d11' };
    await forge(run);
    const record = await bed.recordWithReason(run, 'VerificationFailed');
    assert.equal(conditionOf(record, 'Stored')?.status, 'False');
    assert.equal(conditionOf(record, 'Stalled')?.status, 'True');
    await bed.assertUnharmed();
  });

  it('by the dozen in one namespace, under keys of whatever name, leaves the operator ready for the others', async () => {
    const other = await bed.installation.team({ name: 'team-o', policy: { ...managedRuns } });
    await bed.assertUnharmed(other);
    const runs = Array.from({ length: 12 }, (_, index) => ({ name: `planted-${index}`, uid: randomUUID() }));
    const forged = runs.map((run, index) => {
      const object = forgery(bed, run);
      return index % 2 === 0 ? object : { ...object, evidence: { ...object.evidence, sealKeyID: 'planted' } };
    });
    // Frozen, so that it sees them together: a few alone would be removed.
    process.kill(bed.operator.pid, 'SIGSTOP');
    try {
      for (const object of forged) await bed.client.create(RESOURCE, object, soon());
    } finally {
      process.kill(bed.operator.pid, 'SIGCONT');
    }
    // An earlier forgery that stayed is left alone with them.
    const untilHeld = (what: string, isSo: (count: number) => boolean): Promise<boolean> =>
      waitUntil(what, async () =>
        isSo(Number(/^hallmark_records_held (\d+)$/m.exec(await bed.operator.metrics())?.[1])),
      );
    await untilHeld('they are left alone', (count) => count >= forged.length);
    assert.equal((await bed.operator.readiness()).isReady, true);
    await bed.assertUnharmed(other);
    for (const { metadata } of forged) await bed.client.delete(RESOURCE, metadata, soon());
    await untilHeld('none is left alone', (count) => count === 0);
  });

  describe('is distinguished from other causes:', () => {
    const secret = ['secret', 'hallmark-seal', '-n', releaseNamespace];
    const crd = ['crd', 'provenancerecords.hallmark.dev'];
    const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
    let sealed: readonly ProvenanceRecord[];
    let kept: Manifest;
    before(async () => {
      const builds: Build[] = [];
      for (const name of names) builds.push(await bed.runs.build({ name: `sealed-${name}` }));
      for (const build of builds) await bed.readyRecord(build);
      kept = await bed.installation.json(['get', ...secret]);
      sealed = (await bed.team.records()).filter(({ metadata }) => metadata.name.startsWith('sealed-'));
      assert.equal(sealed.length, names.length);
    });

    /** The content of an object, so that it can be made anew. */
    function remade(object: Manifest): Manifest {
      const { name, namespace, labels, annotations } = asManifest(at(object, 'metadata'));
      const metadata = Object.fromEntries(
        Object.entries({ name, namespace, labels, annotations }).filter(([, value]) => value !== undefined),
      );
      return { ...object, metadata, status: undefined };
    }

    async function untilNotReady(why: RegExp): Promise<void> {
      await waitUntil('the operator says why it does nothing', async () => {
        const { isReady, text } = await bed.operator.readiness();
        return !isReady && why.test(text);
      });
    }

    async function assertUntouched(): Promise<void> {
      const after = (await bed.team.records()).filter(({ metadata }) => metadata.name.startsWith('sealed-'));
      const essence = ({ metadata, evidence }: ProvenanceRecord): unknown => [metadata.name, metadata.uid, evidence];
      assert.deepEqual(after.map(essence), sealed.map(essence));
    }

    it('a seal Secret that is lost: no key is made, and the operator waits for it', async () => {
      await bed.operator.stop();
      await bed.installation.kubectl(['delete', ...secret]);
      bed.operator.restart();
      await untilNotReady(/Secret .*hallmark-seal.* is missing.*restore it/);
      await assert.rejects(bed.installation.kubectl(['get', ...secret]), /NotFound|not found/);
      await bed.installation.apply(remade(kept));
      await bed.operator.untilWorking();
      await assertUntouched();
      const build = await bed.runs.build({ name: 'after-the-loss' });
      await bed.readyRecord(build);
    });

    it('a second operator with a key of its own: it says so and does nothing', async () => {
      await bed.operator.stop();
      await bed.installation.kubectl(['delete', ...secret]);
      const data = { key: randomBytes(32).toString('base64') };
      await bed.installation.apply({ ...remade(kept), data });
      bed.operator.restart();
      const run = await bed.runs.build({ name: 'for-the-first' });
      await untilNotReady(/another operator works here/);
      await assertUntouched();
      assert.equal(await bed.record(run), undefined);
      await bed.operator.stop();
      await bed.installation.kubectl(['delete', ...secret]);
      await bed.installation.apply(remade(kept));
      bed.operator.restart();
      await bed.operator.untilWorking();
      await assertUntouched();
      await bed.readyRecord(run);
    });

    it('a CRD that is away: runs that finish meanwhile are recorded once it is back', async () => {
      const definition = await bed.installation.json(['get', ...crd]);
      await bed.installation.kubectl(['delete', ...crd, '--wait=true']);
      const during = await bed.runs.build({ name: 'without-a-crd' });
      await waitUntil('a record was refused', () =>
        /create provenancerecords\.hallmark\.dev [^"]*without-a-crd/.test(bed.operator.log()),
      );
      await bed.client.delete(runResources.TaskRun, { namespace: bed.team.name, name: during.name }, soon());
      await bed.installation.apply(remade(definition));
      await untilEstablished((args) => bed.installation.kubectl(args), crd);
      await bed.recordWhen('is made', during, () => true);
    });
  });

  describe('with the admission policy', () => {
    let tenant: string;
    before(async () => {
      await bed.installation.helm('upgrade', ['admissionPolicy.enabled=true']);
      const namespace = bed.team.name;
      const verbs = ['create', 'update', 'patch', 'delete', 'get', 'list'];
      const resources = ['provenancerecords', 'provenancerecords/status'];
      await bed.installation.apply(
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'tenant', namespace } },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name: 'tenant', namespace },
          rules: [{ apiGroups: ['hallmark.dev'], resources, verbs }],
        },
      );
      const subject = `--serviceaccount=${namespace}:tenant`;
      await bed.installation.kubectl(['create', 'rolebinding', 'tenant', '-n', namespace, '--role=tenant', subject]);
      tenant = await bed.installation.plane.kubeconfigFor(namespace, 'tenant');
      await waitUntil('the policy is in force', () => refuses(() => create({ name: 'probe', uid: 'probe' }, true)));
    });

    async function create(run: RunName, isTrial = false): Promise<void> {
      const args = ['create', '-f', '-', ...(isTrial ? ['--dry-run=server'] : [])];
      await bed.installation.kubectl(args, { kubeconfig: tenant, stdin: JSON.stringify(forgery(bed, run)) });
    }

    async function refuses(attempt: () => Promise<unknown>): Promise<boolean> {
      try {
        await attempt();
        return false;
      } catch (error) {
        if (error instanceof CommandFailed && /Only the Hallmark operator/.test(error.stderr)) return true;
        throw error;
      }
    }

    it('only the operator can create one, before or after the run finishes', async () => {
      const { run, build } = await unfinishedRun('refused');
      assert.equal(await refuses(() => create(build)), true);
      await bed.runs.finish(run, { results: bed.runs.imageResults(build.image) });
      await assertGenuine(build, '');
    });

    it('only the operator can change evidence or status, whatever rights a tenant has in the namespace', async () => {
      const build = await bed.runs.build({ name: 'untouchable' });
      const { metadata } = await bed.readyRecord(build);
      const patch = (body: object, subresource: readonly string[] = []): Promise<unknown> => {
        const target = ['patch', 'pvr', metadata.name, '-n', bed.team.name, '--type=merge', ...subresource];
        return bed.installation.kubectl([...target, '-p', JSON.stringify(body)], { kubeconfig: tenant });
      };
      assert.equal(await refuses(() => patch({ evidence: { seal: randomBytes(32).toString('base64') } })), true);
      assert.equal(await refuses(() => patch({ status: forgedStatus() }, ['--subresource=status'])), true);
      const after = await bed.readyRecord(build);
      assert.equal(after.metadata.resourceVersion, metadata.resourceVersion);
    });

    it('a user with the right to delete records can delete one, and it is made again from its run', async () => {
      const build = await bed.runs.build({ name: 'deleted-record' });
      const { metadata } = await bed.readyRecord(build);
      const args = ['delete', 'pvr', metadata.name, '-n', bed.team.name];
      await bed.installation.kubectl(args, { kubeconfig: tenant });
      await assertGenuine(build, metadata.uid);
      await bed.assertUnharmed();
    });
  });
});
