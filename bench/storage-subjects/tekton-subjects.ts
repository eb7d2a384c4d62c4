// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { CONFIG_MAPS } from '../../src/kube/core-resources.ts';
import { parseMetadata } from '../../src/kube/object-metadata.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { TektonDriver } from '../../src/storage/tekton/tekton-driver.ts';
import { adminClient } from '../../e2e/resilience/admin-client.ts';
import { runTarget } from '../../e2e/storage/signed-evidence.ts';
import { StorageBed } from '../../e2e/storage/storage-bed.ts';
import { writeKubeconfig } from '../../e2e/testbed/control-plane/write-kubeconfig.ts';
import { FaultProxy } from '../../e2e/testbed/fault-proxy/fault-proxy.ts';
import { Tekton } from '../../e2e/testbed/tekton/tekton.ts';
import type { DriverWay, StorageSubject } from './storage-subject.ts';
import { SubjectBed } from './subject-bed.ts';

const signal = new AbortController().signal;

/** Annotations of TaskRuns at a real API server, without Tekton's webhook; a plain write is a ConfigMap of the payload. */
export async function* tektonSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const subjects = await SubjectBed.start();
  const bed = await StorageBed.start('bench-tekton');
  try {
    const tekton = await Tekton.start(bed.plane, bed.supervisor);
    await tekton.stop();
    await bed.plane.kubectl(['delete', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '--all']);
    const namespace = await bed.namespace();
    const client = adminClient(bed.plane);
    const way = (driver: StorageDriver): DriverWay => ({
      driver,
      evidence: async () => {
        const metadata = { name: `bake-${randomUUID().slice(0, 8)}`, namespace };
        const spec = { taskSpec: { steps: [{ name: 'bake', image: 'registry.example.com/oven:1' }] } };
        const object = { metadata, spec };
        const { name, uid } = parseMetadata(await client.create(runResources.TaskRun, object, { signal }));
        return { run: runTarget(namespace, { name, uid }), artifact: await subjects.attestation() };
      },
    });
    const data = { payload: subjects.payload.toString() };
    yield {
      name: 'Tekton',
      direct: () => way(new TektonDriver(bed.context([]))),
      counted: async () => {
        const proxy = await FaultProxy.start({ target: bed.plane.url, tls: true });
        const driver = new TektonDriver(bed.context([], kubeconfigVia(bed, proxy)));
        return { ...way(driver), requests: () => proxy.requests.length, stop: () => proxy.stop() };
      },
      plainWrite: (index) => {
        const object = { metadata: { name: `plain-${index}`, namespace }, data };
        return client.create(CONFIG_MAPS, object, { signal });
      },
    };
  } finally {
    await bed.stop();
    await subjects.stop();
  }
}

function kubeconfigVia(bed: StorageBed, proxy: FaultProxy): string {
  const directory = bed.supervisor.dataDirectory('counting-proxy');
  const [caFile, kubeconfig] = [join(directory, 'ca.crt'), join(directory, 'kubeconfig')];
  writeFileSync(caFile, proxy.ca ?? '');
  writeKubeconfig(kubeconfig, { server: proxy.url, caFile, token: bed.plane.adminToken, user: 'bench' });
  return kubeconfig;
}
