// SPDX-License-Identifier: Apache-2.0
import { envelopeBody } from '../../src/storage/archivista/envelope-body.ts';
import { Archivista } from '../../e2e/testbed/archivista/archivista.ts';
import { Grafeas } from '../../e2e/testbed/grafeas/grafeas.ts';
import type { StorageSubject } from './storage-subject.ts';
import { NAME, plainly, SubjectBed } from './subject-bed.ts';

const tls = { insecure: true };

/** Grafeas' own server. */
export async function* grafeasSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  try {
    const grafeas = await Grafeas.start(bed.supervisor, { apiVersion: 'v1beta1', project: NAME });
    const note = { kind: 'ATTESTATION', attestationAuthority: {}, longDescription: bed.payload.toString() };
    yield {
      name: 'Grafeas',
      ...bed.backendWays(grafeas.url, (endpoint) => ({
        type: 'Grafeas',
        grafeas: { projectID: NAME, endpoint, apiVersion: 'v1beta1', tls },
      })),
      plainWrite: (index) => {
        const id = `plain-${index}`;
        // The server files a note under the name in its body.
        const body = JSON.stringify({ name: `projects/${NAME}/notes/${id}`, ...note });
        return plainly(`${grafeas.url}/v1beta1/projects/${NAME}/notes?noteId=${id}`, { method: 'POST', body });
      },
    };
  } finally {
    await bed.stop();
  }
}

/** Archivista takes nothing plainer than an envelope. */
export async function* archivistaSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  try {
    const archivista = await Archivista.start(bed.supervisor);
    yield {
      name: 'Archivista',
      ...bed.backendWays(archivista.url, (url) => ({ type: 'Archivista', archivista: { url, tls } })),
      plainWrite: async () => {
        const body = new Uint8Array(envelopeBody(await bed.attestation()));
        await plainly(`${archivista.url}/upload`, { method: 'POST', body });
      },
    };
  } finally {
    await bed.stop();
  }
}
