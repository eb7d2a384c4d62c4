// SPDX-License-Identifier: Apache-2.0
import { runProbe } from '../run-probe.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { certificateTexts, storedChain } from '../documents/certificate-texts.ts';
import type { Probe, StorageDriver } from '../driver.ts';
import { evidenceOwner } from '../documents/evidence-name.ts';
import type { KeyScheme } from '../documents/evidence-name.ts';
import { evidenceName } from '../documents/evidence-name.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import type { Bucket } from './bucket.ts';
import { objectStem, stemOf } from './object-names.ts';
import { storeObject } from './store-object.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

const PUT_TIMEOUT_MS = 120_000;
const READ_TIMEOUT_MS = 60_000;

export interface BucketDriverOptions {
  readonly keys: KeyScheme;
  /** Prefix of object names; empty or ended by a slash. */
  readonly prefix?: string | undefined;
  readonly putTimeoutMs?: number | undefined;
}

/** Evidence in a bucket, four objects an artifact, as Tekton Chains' `gcs` storage lays them out. */
export class BucketDriver implements StorageDriver {
  readonly #bucket: Bucket;
  readonly #options: BucketDriverOptions;

  constructor(bucket: Bucket, options: BucketDriverOptions) {
    this.#bucket = bucket;
    this.#options = options;
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return runProbe(signal, async () => {
      const doing = `probing ${this.#bucket.uri}`;
      await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) => this.#bucket.tryOut(inTime));
    });
  }

  nameOf(artifact: SignedArtifact, run: RunTarget): string {
    return evidenceName(artifact, run, this.#options.keys);
  }

  /** Write the signature first: its writer owns the other three objects, which follow at once. */
  put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const { keys, prefix = '', putTimeoutMs = PUT_TIMEOUT_MS } = this.#options;
    const stem = `${prefix}${objectStem(artifact, run, keys)}`;
    const uri = `${this.#bucket.uri}/${stem}`;
    const doing = `storing "${artifact.name}" as ${uri}`;
    return withinDeadline({ signal, timeoutMs: putTimeoutMs, doing }, async (inTime) => {
      const { certificate, chain } = certificateTexts(artifact);
      const owned = { artifact, owner: evidenceOwner(artifact, run), stem };
      const isMine = await storeObject(
        this.#bucket,
        owned,
        { suffix: 'signature', body: signatureText(artifact) },
        inTime,
      );
      if (isMine) {
        const rest = [
          { suffix: 'payload', body: artifact.payload },
          { suffix: 'cert', body: Buffer.from(certificate) },
          { suffix: 'chain', body: Buffer.from(chain) },
        ] as const;
        // None of the writes outlives the call, also when another fails.
        const written = await Promise.allSettled(rest.map((part) => storeObject(this.#bucket, owned, part, inTime)));
        for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason;
      }
      return [{ uri, digest: payloadDigest(artifact.payload) }];
    });
  }

  get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const stem = stemOf(location.uri, this.#bucket.uri);
    const doing = `reading ${location.uri}`;
    return withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (inTime) => {
      if (stem === undefined) {
        throw new StorageError('BackendRejected', `"${location.uri}" is not a place in ${this.#bucket.uri}`);
      }
      const [signature, payload, cert] = await Promise.all([
        this.#read(`${stem}.signature`, inTime),
        this.#read(`${stem}.payload`, inTime),
        this.#read(`${stem}.cert`, inTime),
      ]);
      const certificate = cert.toString('utf8');
      const chain = certificate === '' ? '' : (await this.#read(`${stem}.chain`, inTime)).toString('utf8');
      return { payload, signature, encoding: 'SignatureText', ...storedChain({ certificate, chain }) };
    });
  }

  close(): Promise<void> {
    return this.#bucket.close();
  }

  async #read(name: string, signal: AbortSignal): Promise<Buffer> {
    const object = await this.#bucket.read(name, signal);
    if (object !== undefined) return object.body;
    throw new StorageError('BackendRejected', `${this.#bucket.uri}/${name} is no longer there`);
  }
}
