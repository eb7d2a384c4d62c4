// SPDX-License-Identifier: Apache-2.0
import { runProbe } from '../run-probe.ts';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { GrafeasSpec } from '../../api/v1alpha1/backend-types/grafeas.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { collectLocations } from '../collect-locations.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { GrafeasClient } from './grafeas-client.ts';
import { grafeasNote } from './grafeas-note.ts';
import type { ApiVersion, GrafeasNote } from './grafeas-note.ts';
import { grafeasOccurrences } from './grafeas-occurrence.ts';
import type { NewOccurrence } from './grafeas-occurrence.ts';
import { grafeasService } from './grafeas-service.ts';
import type { GrafeasService } from './grafeas-service.ts';
import { occurrenceEvidence } from './stored-occurrence.ts';
import type { StoredOccurrence } from './stored-occurrence.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

/** The API names occurrences itself, so one is looked for and made by one at a time in this process, whichever backend asks. */
const occurrences = new KeyedLock();
const PUT_TIMEOUT_MS = 120_000;
const READ_TIMEOUT_MS = 20_000;
const MAX_KNOWN_NOTES = 1000;

/** Evidence as notes and occurrences of a Grafeas API, as Tekton Chains' `grafeas` storage writes them. */
export class GrafeasDriver implements StorageDriver {
  readonly #settings: WithEffectiveTls<GrafeasSpec>;
  readonly #version: ApiVersion;
  readonly #putTimeoutMs: number;
  readonly #service: GrafeasService;
  readonly #client: GrafeasClient;
  readonly #notes = new Set<string>();

  constructor(backend: BackendDefinition, settings: WithEffectiveTls<GrafeasSpec>, context: DriverContext) {
    this.#settings = settings;
    this.#version = settings.apiVersion ?? 'v1';
    this.#putTimeoutMs = context.putTimeoutMs ?? PUT_TIMEOUT_MS;
    this.#service = grafeasService(backend, settings, context);
    this.#client = new GrafeasClient(this.#service.rest, this.#version, settings.projectID);
  }

  probe(signal: AbortSignal): Promise<Probe> {
    const doing = `reaching ${this.#place()}`;
    return runProbe(signal, async () => {
      await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) =>
        this.#client.tryOut(doing, inTime),
      );
    });
  }

  /** Make one occurrence per subject, unless it exists. */
  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const { projectID } = this.#settings;
    const version = this.#version;
    const note = grafeasNote(artifact, run, this.#settings, version);
    const wanted = grafeasOccurrences(artifact, { run, projectID, note, version });
    if (wanted.length === 0) throw noSubjects(artifact, run);
    const doing = `writing "${artifact.name}" to ${this.#place()}`;
    const digest = payloadDigest(artifact.payload);
    return collectLocations((locations) =>
      withinDeadline({ signal, timeoutMs: this.#putTimeoutMs, doing }, async (inTime) => {
        for (const occurrence of wanted) {
          const { name } = await this.#ensure(note, occurrence, doing, inTime);
          locations.push({ uri: this.#uri(name), digest });
        }
      }),
    );
  }

  async get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const prefix = this.#uri('');
    const name = location.uri.startsWith(prefix) ? location.uri.slice(prefix.length) : '';
    const project = `projects/${this.#settings.projectID}/occurrences/`;
    if (!name.startsWith(project) || !/^[-.\w]{1,256}$/.test(name.slice(project.length))) {
      throw new StorageError('BackendRejected', `"${location.uri}" is not an occurrence of ${this.#place()}`);
    }
    const doing = `reading ${location.uri}`;
    const occurrence = await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) =>
      this.#client.read(name, doing, inTime),
    );
    if (occurrence !== undefined) return occurrenceEvidence(occurrence);
    throw new StorageError('BackendRejected', `${doing}: there is no such occurrence, or it holds no evidence`);
  }

  #ensure(note: GrafeasNote, wanted: NewOccurrence, doing: string, signal: AbortSignal): Promise<StoredOccurrence> {
    const key = `${this.#uri(note.name)} ${wanted.resourceURI}`;
    return occurrences.run(key, signal, async () => {
      // An occurrence cannot exist without its note.
      const isKnown = this.#notes.has(note.name);
      if (!isKnown) await this.#makeNote(note, doing, signal);
      const occurrence = await this.#client.find(note, wanted, doing, signal);
      if (occurrence !== undefined) return occurrence;
      const created = await this.#client.create(wanted, doing, signal);
      if (created !== undefined) return created;
      // The note was taken away since: the next try makes it anew.
      this.#notes.delete(note.name);
      throw new StorageError('BackendUnavailable', `${doing}: ${note.name} does not exist any more; it is tried again`);
    });
  }

  async #makeNote(note: GrafeasNote, doing: string, signal: AbortSignal): Promise<void> {
    await this.#client.ensureNote(note, doing, signal);
    if (this.#notes.size >= MAX_KNOWN_NOTES) this.#notes.clear();
    this.#notes.add(note.name);
  }

  #place(): string {
    return this.#uri(`projects/${this.#settings.projectID}`);
  }

  /** `grafeas://<host>/<version>/<resource>`. */
  #uri(resource: string): string {
    return `grafeas://${this.#service.host}/${this.#version}/${resource}`;
  }
}

function noSubjects(artifact: SignedArtifact, run: RunTarget): StorageError {
  const message = `"${artifact.name}" of ${run.kind} ${run.namespace}/${run.name} names no artifact, so Grafeas has no resource for it; let the run write results such as IMAGE_URL and IMAGE_DIGEST`;
  return new StorageError('NoSubjects', message);
}
