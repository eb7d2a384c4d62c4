// SPDX-License-Identifier: Apache-2.0
import { runProbe } from '../run-probe.ts';
import type { ArchivistaSpec } from '../../api/v1alpha1/backend-types/archivista.ts';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { backendTls } from '../http/backend-tls.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { RestService } from '../http/rest-service.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { archivistaAuthorization } from './archivista-authorization.ts';
import { ArchivistaClient } from './archivista-client.ts';
import { envelopeBody, gitoid, parseEnvelopeBody } from './envelope-body.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

const PUT_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 20_000;
const ABSENT = '0'.repeat(64);

/** Evidence in an Archivista, which stores DSSE envelopes by their content. */
export class ArchivistaDriver implements StorageDriver {
  readonly #base: string;
  readonly #client: ArchivistaClient;
  readonly #putTimeoutMs: number;

  constructor(
    backend: BackendDefinition,
    settings: WithEffectiveTls<ArchivistaSpec>,
    context: Pick<DriverContext, 'egress' | 'objects' | 'putTimeoutMs'>,
  ) {
    const { egress, objects } = context;
    const remedies = {
      unauthorized: 'let archivista.authentication name credentials that may upload and download',
      missing: 'no Archivista is there: check archivista.url',
    };
    this.#base = settings.url.replace(/\/+$/, '');
    this.#putTimeoutMs = context.putTimeoutMs ?? PUT_TIMEOUT_MS;
    this.#client = new ArchivistaClient(
      new RestService({
        egress,
        base: this.#base,
        tls: (signal) => backendTls(backend, settings.tls, objects, signal),
        authorization: (signal) => archivistaAuthorization(backend, settings.authentication, objects, signal),
        remedies,
      }),
    );
  }

  /** Call the upload without a body, and query the database for an upload that cannot exist. */
  probe(signal: AbortSignal): Promise<Probe> {
    const doing = `reaching ${this.#base}`;
    return runProbe(signal, async () => {
      await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (inTime) => {
        await this.#client.reach(doing, inTime);
        await this.#client.find(ABSENT, doing, inTime);
      });
    });
  }

  /** @throws StorageError `NoSubjects` for an artifact without an envelope, which has no place in Archivista */
  async put(artifact: SignedArtifact, _run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    if (artifact.form === 'SimpleSigning') throw noEnvelope(artifact);
    const body = envelopeBody(artifact);
    const name = gitoid(body);
    const location = { uri: `${this.#base}/download/${name}`, digest: `gitoid:blob:sha256:${name}` };
    const doing = `writing ${location.uri}`;
    await withinDeadline({ signal, timeoutMs: this.#putTimeoutMs, doing }, async (inTime) => {
      if (await this.#holds(name, doing, inTime)) return;
      const refused = await this.#client.upload(body, name, doing, inTime);
      if (refused === undefined) return;
      // The server answers a duplicate with an error: another writer may have stored it first.
      if (refused.status >= 500 && (await this.#holds(name, doing, inTime))) return;
      throw this.#client.refusal(refused, doing);
    });
    return [location];
  }

  async get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const prefix = `${this.#base}/download/`;
    const name = location.uri.startsWith(prefix) ? location.uri.slice(prefix.length) : '';
    if (!/^[a-f0-9]{64}$/.test(name)) {
      throw new StorageError('BackendRejected', `"${location.uri}" is not a place in ${this.#base}`);
    }
    const doing = `reading ${location.uri}`;
    const bytes = await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) =>
      this.#client.download(name, doing, inTime),
    );
    if (bytes === undefined) throw new StorageError('BackendRejected', `${doing}: the server does not have it`);
    const stored = gitoid(bytes) === name ? parseEnvelopeBody(bytes) : undefined;
    if (stored !== undefined) return { ...stored, encoding: 'SignatureText' };
    throw new StorageError('BackendRejected', `${doing}: what the server gives is not what was uploaded`);
  }

  async #holds(name: string, doing: string, signal: AbortSignal): Promise<boolean> {
    const presence = await this.#client.find(name, doing, signal);
    if (presence !== 'Unsaid') return presence === 'Known';
    const bytes = await this.#client.download(name, doing, signal);
    return bytes !== undefined && gitoid(bytes) === name;
  }
}

function noEnvelope(artifact: SignedArtifact): StorageError {
  const remedy =
    "let the policy's imageSignatures.formats say SigstoreStatement, or take ImageSignature from the backend's artifacts";
  const message = `"${artifact.name}" is a simple signing and no DSSE envelope, and Archivista takes nothing else; ${remedy}`;
  return new StorageError('NoSubjects', message);
}
