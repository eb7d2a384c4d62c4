// SPDX-License-Identifier: Apache-2.0
import { runProbe } from '../run-probe.ts';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { FirestoreSpec } from '../../api/v1alpha1/backend-types/firestore.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { storedChain } from '../documents/certificate-texts.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { evidenceDocument, notedOwner, ownerNote } from '../documents/evidence-document.ts';
import { evidenceName, evidenceOwner } from '../documents/evidence-name.ts';
import { googleService } from '../http/google-service.ts';
import { compareExisting } from '../documents/compare-existing.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { FirestoreClient } from './firestore-client.ts';
import { firestoreFields } from './firestore-fields.ts';
import type { FirestoreFields } from './firestore-fields.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

const ENDPOINT = 'https://firestore.googleapis.com';
const PUT_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 20_000;
const ATTEMPTS = 5;
const LIMITS = { store: 'Firestore', maxDepth: 19 } as const;

/**
 * Evidence as documents of a Firestore collection, one an artifact, as Tekton Chains' docdb storage writes them. Over the REST API:
 * Google's client speaks gRPC, whose connections no outbound rules see, and its REST mode can neither be aborted nor be capped.
 */
export class FirestoreDriver implements StorageDriver {
  readonly #backend: BackendDefinition;
  readonly #place: string;
  readonly #client: FirestoreClient;
  readonly #putTimeoutMs: number;

  constructor(backend: BackendDefinition, settings: WithEffectiveTls<FirestoreSpec>, context: DriverContext) {
    const { projectID, database = '(default)', collection, endpoint = ENDPOINT, authentication, tls } = settings;
    const databaseName = `projects/${projectID}/databases/${database}`;
    this.#backend = backend;
    this.#putTimeoutMs = context.putTimeoutMs ?? PUT_TIMEOUT_MS;
    this.#place = `firestore://${databaseName}/documents/${collection}`;
    const service = googleService(
      {
        backend,
        endpoint,
        authentication,
        tls,
        scope: 'https://www.googleapis.com/auth/datastore',
        remedies: {
          unauthorized:
            'grant datastore.databases.get and datastore.entities.create, get and update in the project (roles/datastore.user)',
          missing: 'the database does not exist: create it in native mode, or correct firestore.projectID and database',
        },
      },
      context,
    );
    this.#client = new FirestoreClient(service, databaseName, collection);
  }

  probe(signal: AbortSignal): Promise<Probe> {
    const doing = `reaching ${this.#place}`;
    return runProbe(signal, async () => {
      await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) =>
        this.#client.tryOut(doing, inTime),
      );
    });
  }

  nameOf(artifact: SignedArtifact, run: RunTarget): string {
    return evidenceName(artifact, run, this.#backend.spec.keys);
  }

  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    signal.throwIfAborted();
    const name = evidenceName(artifact, run, this.#backend.spec.keys);
    const owner = evidenceOwner(artifact, run);
    const document = evidenceDocument(artifact, name, LIMITS);
    const fields = firestoreFields(document);
    const note = ownerNote(owner, document.Signature);
    const uri = `${this.#place}/${name}`;
    const doing = `writing ${uri}`;
    await withinDeadline({ signal, timeoutMs: this.#putTimeoutMs, doing }, async (inTime) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const isNew = await this.#client.create(name, fields, doing, inTime);
        const written = isNew
          ? 'Written'
          : await this.#settled({ name, fields, owner, artifact, doing, attempt }, inTime);
        if (written === 'Written') await this.#client.note(name, note, doing, inTime);
        if (written !== 'Changed') return;
      }
      const message = `${doing}: other writers keep changing the document; it is tried again`;
      throw new StorageError('BackendUnavailable', message);
    });
    return [{ uri, digest: payloadDigest(artifact.payload) }];
  }

  async get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const prefix = `${this.#place}/`;
    const name = location.uri.startsWith(prefix) ? location.uri.slice(prefix.length) : '';
    if (!/^[-.a-z0-9]{1,320}$/.test(name)) {
      throw new StorageError('BackendRejected', `"${location.uri}" is not a document of ${this.#place}`);
    }
    const doing = `reading ${location.uri}`;
    const document = await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) =>
      this.#client.read(name, doing, inTime),
    );
    if (document?.evidence === undefined) {
      throw new StorageError('BackendRejected', `${doing}: there is no such document, or it holds no evidence`);
    }
    const { payload, signature, certificate, chain } = document.evidence;
    return { payload, signature, encoding: 'SignatureText', ...storedChain({ certificate, chain }) };
  }

  /**
   * `Written`: the owner's evidence was replaced, or equal evidence lacks a note; the owner must be noted. `Kept`: equal evidence is already
   * there. `Changed`: another writer changed the document, so try again.
   */
  async #settled(
    store: {
      readonly name: string;
      readonly fields: FirestoreFields;
      readonly owner: string;
      readonly artifact: SignedArtifact;
      readonly doing: string;
      readonly attempt: number;
    },
    signal: AbortSignal,
  ): Promise<'Written' | 'Kept' | 'Changed'> {
    const { name, fields, owner, artifact, doing, attempt } = store;
    const document = await this.#client.read(name, doing, signal);
    // The document was deleted in between, so it can be created.
    if (document === undefined) return 'Changed';
    const { evidence, updateTime } = document;
    if (evidence === undefined) throw conflict(doing);
    const noted = notedOwner(await this.#client.readNote(name, doing, signal), evidence.signatureField);
    const verdict = compareExisting({ ...evidence, owner: noted }, artifact, owner);
    // The note may be written shortly after its document.
    if (verdict === 'Unnoted' && attempt < ATTEMPTS - 1) return 'Changed';
    if (verdict === 'Foreign' || verdict === 'Unnoted') throw conflict(doing);
    if (verdict === 'Same') return noted === undefined ? 'Written' : 'Kept';
    return (await this.#client.replace(name, { fields, updateTime }, doing, signal)) ? 'Written' : 'Changed';
  }
}

function conflict(doing: string): StorageError {
  const message = `${doing}: the document exists and is not this policy's; remove it, or set keys: PerPolicy`;
  return new StorageError('KeyConflict', message);
}
