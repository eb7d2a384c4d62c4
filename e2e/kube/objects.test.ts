// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EventRecorder } from '../../src/kube/events.ts';
import { stringField } from '../../src/json/fields.ts';
import { isForbidden } from '../../src/kube/kube-error.ts';
import { KubeObjectReader } from '../../src/kube/kube-object-reader.ts';
import { KubeRunAnnotator, type AnnotatedRun } from '../../src/kube/kube-run-annotator.ts';
import { parseMetadata } from '../../src/kube/object-metadata.ts';
import { metadataOnly, type Resource } from '../../src/kube/resource.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { untilEstablished } from '../testbed/control-plane/until-established.ts';
import { KubeBed, unhurried } from './kube-bed.ts';

const taskRuns: Resource<unknown> = {
  group: 'tekton.dev',
  version: 'v1',
  plural: 'taskruns',
  kind: 'TaskRun',
  namespaced: true,
  parse: (object) => object,
};

describe('objects of a real API server', () => {
  let bed: KubeBed;

  before(async () => {
    bed = await KubeBed.start('objects');
    await bed.plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(taskRunDefinition) });
    await untilEstablished((args) => bed.plane.kubectl(args), ['crd/taskruns.tekton.dev']);
  });
  after(async () => {
    await bed.stop();
  });

  it('are read by reference: entries decoded, account secrets named, absence distinguished from refusal', async () => {
    await bed.plane.kubectl(['create', 'secret', 'generic', 'signing', '--from-literal=x509.pem=größer']);
    await bed.plane.kubectl(['create', 'configmap', 'bundle', '--from-literal=ca.crt=pem']);
    await bed.plane.kubectl(['create', 'serviceaccount', 'builder']);
    await bed.plane.kubectl([
      'patch',
      'sa',
      'builder',
      '-p',
      '{"secrets":[{"name":"push"}],"imagePullSecrets":[{"name":"pull"}]}',
    ]);
    const reader = new KubeObjectReader({ client: bed.admin, clock: systemClock });
    const secret = await reader.getSecret('default', 'signing', unhurried);
    assert.deepEqual(Object.keys(secret ?? {}), ['x509.pem']);
    assert.equal(Buffer.from(secret?.['x509.pem'] ?? []).toString('utf8'), 'größer');
    assert.deepEqual(await reader.getConfigMap('default', 'bundle', unhurried), { 'ca.crt': 'pem' });
    assert.deepEqual(await reader.getServiceAccount('default', 'builder', unhurried), { secretNames: ['push'] });
    assert.equal(await reader.getSecret('default', 'absent', unhurried), undefined);
    assert.equal(await reader.getConfigMap('default', 'absent', unhurried), undefined);
    assert.equal(await reader.getServiceAccount('default', 'absent', unhurried), undefined);
    const unprivileged = bed.client(await bed.plane.kubeconfigFor('default', 'builder')).client;
    const refused = new KubeObjectReader({ client: unprivileged, clock: systemClock });
    await assert.rejects(refused.getSecret('default', 'signing', unhurried), isForbidden);
  });

  it('keep a Secret in memory for at most 30 seconds, and neither an absence nor a refusal', async () => {
    const clock = new ManualClock();
    const { client, requests } = bed.client();
    const reader = new KubeObjectReader({ client, clock, maxSecrets: 2 });
    const read = (name: string) => reader.getSecret('default', name, unhurried);
    assert.equal(await read('mended'), undefined);
    await bed.plane.kubectl(['create', 'secret', 'generic', 'mended', '--from-literal=a=1']);
    assert.ok(await read('mended'));
    assert.equal(requests.length, 2);
    await Promise.all([read('mended'), read('mended'), read('mended')]);
    await clock.advance(29_999);
    await read('mended');
    assert.equal(requests.length, 2);
    await clock.advance(1);
    await Promise.all([read('mended'), read('mended')]);
    assert.equal(requests.length, 3, 'many readers of one moment share one request');
    for (const name of ['s1', 's2']) {
      await bed.plane.kubectl(['create', 'secret', 'generic', name]);
      await read(name);
    }
    await read('mended');
    assert.equal(requests.length, 6, 'the oldest of too many Secrets gave way');
  });

  it('give way to each other where their Secrets are large together', async () => {
    const { client, requests } = bed.client();
    const reader = new KubeObjectReader({ client, clock: new ManualClock(), maxBytes: 1_000_000 });
    const read = (name: string) => reader.getSecret('default', name, unhurried);
    const data = { large: Buffer.alloc(400_000).toString('base64') };
    for (const name of ['l1', 'l2', 'l3']) {
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data };
      await bed.plane.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(secret) });
      await read(name);
    }
    await Promise.all(['l2', 'l3'].map(read));
    assert.equal(requests.length, 3, 'those that fit are kept');
    await read('l1');
    assert.equal(requests.length, 4, 'the oldest gave way');
  });

  it('let one reader give up without failing the others who wait for the same Secret', async () => {
    await bed.plane.kubectl(['create', 'secret', 'generic', 'shared']);
    const reader = new KubeObjectReader({ client: bed.client().client, clock: systemClock });
    const caller = new AbortController();
    const first = reader.getSecret('default', 'shared', caller.signal);
    const second = reader.getSecret('default', 'shared', unhurried);
    const reason = new Error('given up');
    caller.abort(reason);
    await assert.rejects(first, (error) => error === reason);
    assert.deepEqual(await second, {});
  });

  it('are annotated with a UID as precondition, without touching other annotations', async () => {
    const annotator = new KubeRunAnnotator(bed.admin);
    const run = await taskRun(bed, 'bake');
    await bed.plane.kubectl(['annotate', 'taskrun', 'bake', 'theirs=kept']);
    const annotations = { 'chains.tekton.dev/signature-x': 'c2ln' };
    const all = { theirs: 'kept', ...annotations };
    assert.deepEqual(await annotator.annotateRun(run, annotations, 'hallmark-storage', unhurried), all);
    assert.deepEqual(await annotator.readAnnotations(run, unhurried), all);
    const { stdout } = await bed.plane.kubectl(['get', 'taskrun', 'bake', '-o', 'json', '--show-managed-fields']);
    assert.match(stdout, /"manager": "hallmark-storage"/);
  });

  it('are not annotated when another run took the name, or none is left', async () => {
    const annotator = new KubeRunAnnotator(bed.admin);
    const first = await taskRun(bed, 'again');
    await bed.admin.delete(taskRuns, first, { signal: unhurried });
    assert.equal(await annotator.annotateRun(first, { a: 'b' }, 'm', unhurried), undefined);
    assert.equal(await annotator.readAnnotations(first, unhurried), undefined);
    const second = await taskRun(bed, 'again');
    assert.equal(await annotator.annotateRun(first, { a: 'b' }, 'm', unhurried), undefined);
    assert.equal(await annotator.readAnnotations(first, unhurried), undefined);
    assert.deepEqual(await annotator.readAnnotations(second, unhurried), {});
  });

  it('have Events that kubectl describe shows, repeats counted in one', async () => {
    const clock = new ManualClock(new Date());
    const dropped: unknown[] = [];
    const recorder = new EventRecorder({
      client: bed.admin,
      clock,
      instance: 'hallmark-0',
      onDropped: (reason, error) => dropped.push([reason, error]),
    });
    const run = await taskRun(bed, 'described');
    const text = { type: 'Warning', reason: 'KeyNotFound', message: 'make the Secret default/signing' } as const;
    recorder.record(run, text);
    await clock.advance(600_000);
    recorder.record(run, text);
    recorder.record(run, { type: 'Normal', reason: 'Signed', message: 'signed after all' });
    await recorder.flush();
    assert.deepEqual(dropped, []);
    const { stdout } = await bed.plane.kubectl(['describe', 'taskrun', 'described']);
    assert.match(stdout, /Warning +KeyNotFound .*\(x2 over .*\) +hallmark +make the Secret default\/signing/);
    assert.match(stdout, /Normal +Signed .* hallmark +signed after all/);
  });

  it('have Events also when they are of the whole cluster', async () => {
    const recorder = new EventRecorder({ client: bed.admin, clock: systemClock, instance: 'hallmark-0' });
    const { stdout: uid } = await bed.plane.kubectl(['get', 'ns', 'default', '-o', 'jsonpath={.metadata.uid}']);
    const regarding = { apiVersion: 'v1', kind: 'Namespace', name: 'default', uid };
    recorder.record(regarding, { type: 'Normal', reason: 'Ready', message: 'of the cluster' });
    await recorder.flush();
    const { stdout } = await bed.plane.kubectl(['get', 'events', '-n', 'default']);
    assert.match(stdout, /Ready +namespace\/default +of the cluster/);
  });
});

async function taskRun(bed: KubeBed, name: string): Promise<AnnotatedRun> {
  const object = { metadata: { namespace: 'default', name }, spec: {} };
  const created = await bed.admin.create(metadataOnly(taskRuns, parseMetadata), object, { signal: unhurried });
  assert.equal(stringField(created, 'name'), name);
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', namespace: 'default', name, uid: created.uid };
}

/** As much of Tekton's definition as annotations need. */
const taskRunDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'taskruns.tekton.dev',
  },
  spec: {
    group: 'tekton.dev',
    scope: 'Namespaced',
    names: { plural: 'taskruns', singular: 'taskrun', kind: 'TaskRun' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
