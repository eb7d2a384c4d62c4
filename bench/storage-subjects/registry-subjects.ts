// SPDX-License-Identifier: Apache-2.0
import { runTarget } from '../../e2e/storage/signed-evidence.ts';
import { Registry } from '../../e2e/testbed/registry/registry.ts';
import type { DriverWay, StorageSubject } from './storage-subject.ts';
import { NAME, SubjectBed } from './subject-bed.ts';

const KINDS = [
  { name: 'OCI, CosignTags', encoding: 'CosignTags', referrers: true },
  { name: 'OCI, SigstoreBundle, referrers API', encoding: 'SigstoreBundle', referrers: true },
  { name: 'OCI, SigstoreBundle, fallback tag', encoding: 'SigstoreBundle', referrers: false },
] as const;

/** Each artifact is about an image of its own, which is pushed before it is stored. */
export async function* registrySubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  try {
    for (const { name, encoding, referrers } of KINDS) {
      const registry = await Registry.start(bed.supervisor, { referrers });
      const client = registry.client();
      const authentication = { type: 'Anonymous' } as const;
      const oci = { encoding, authentication, tls: { insecure: true } };
      const way = (url: string): DriverWay => ({
        driver: bed.driver({ type: 'OCI', oci }),
        evidence: async () => {
          const { digest } = await registry.pushImage('team/app');
          const repository = `${new URL(url).host}/team/app`;
          return { run: runTarget(NAME), artifact: await bed.attestation(repository, digest.replace('sha256:', '')) };
        },
      });
      const body = bed.payload.toString();
      yield {
        name,
        ...bed.ways(`http://${registry.host}`, way),
        plainWrite: (index) => client.send(`/v2/plain/blobs/uploads/?n=${index}`, { method: 'POST', body }),
      };
      await registry.stop();
    }
  } finally {
    await bed.stop();
  }
}
