// SPDX-License-Identifier: Apache-2.0
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { runProbe } from '../run-probe.ts';
import type { DynamoDBSpec } from '../../api/v1alpha1/backend-types/dynamodb.ts';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { AwsConnection } from '../aws/aws-connection.ts';
import type { AwsClientConfig } from '../aws/aws-connection.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { evidenceName, evidenceOwner } from '../documents/evidence-name.ts';
import type { KeyScheme } from '../documents/evidence-name.ts';
import { compareExisting } from '../documents/compare-existing.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { itemBytes } from './attribute-values.ts';
import { evidenceItem, storedItem } from './evidence-item.ts';
import { EvidenceTable } from './evidence-table.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

const PUT_TIMEOUT_MS = 120_000;
const READ_TIMEOUT_MS = 60_000;
const MAX_ROUNDS = 5;
const MAX_ITEM_BYTES = 400 * 1024;
/** An item's JSON: base64 and escapes make it longer. */
const MAX_RESPONSE_BYTES = 3 * 1024 * 1024;

/** Evidence as documents of a DynamoDB table, as Tekton Chains' `docdb` storage writes them. */
export class DynamoDbDriver implements StorageDriver {
  readonly #tableName: string;
  readonly #table: EvidenceTable;
  readonly #keys: KeyScheme;
  readonly #putTimeoutMs: number;

  constructor(backend: BackendDefinition, dynamodb: WithEffectiveTls<DynamoDBSpec>, context: DriverContext) {
    const make = async (config: AwsClientConfig): Promise<DynamoDBClient> => {
      const { DynamoDBClient: Client } = await import('@aws-sdk/client-dynamodb');
      return new Client(config);
    };
    const connection = new AwsConnection(backend, dynamodb, context, { make, maxResponseBytes: MAX_RESPONSE_BYTES });
    this.#tableName = dynamodb.table;
    this.#table = new EvidenceTable(dynamodb.table, connection);
    this.#keys = backend.spec.keys;
    this.#putTimeoutMs = context.putTimeoutMs ?? PUT_TIMEOUT_MS;
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return runProbe(signal, async () => {
      const doing = `probing table ${this.#tableName}`;
      await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (inTime) => this.#table.tryOut(inTime));
    });
  }

  nameOf(artifact: SignedArtifact, run: RunTarget): string {
    return evidenceName(artifact, run, this.#keys);
  }

  put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const name = evidenceName(artifact, run, this.#keys);
    const doing = `storing "${artifact.name}" in table ${this.#tableName}`;
    return withinDeadline({ signal, timeoutMs: this.#putTimeoutMs, doing }, async (inTime) => {
      await this.#store(artifact, name, evidenceOwner(artifact, run), inTime);
      return [{ uri: `dynamodb://${this.#tableName}/${name}`, digest: payloadDigest(artifact.payload) }];
    });
  }

  get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const doing = `reading ${location.uri}`;
    return withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (inTime) => {
      const prefix = `dynamodb://${this.#tableName}/`;
      const name = location.uri.startsWith(prefix) ? location.uri.slice(prefix.length) : '';
      if (!/^[-.a-z0-9]{1,200}$/.test(name)) {
        throw new StorageError('BackendRejected', `"${location.uri}" is not a place in table ${this.#tableName}`);
      }
      const item = await this.#table.readItem(name, inTime);
      const evidence = item === undefined ? undefined : storedItem(item);
      if (evidence !== undefined) return evidence;
      throw new StorageError('BackendRejected', `${location.uri} holds the evidence no more`);
    });
  }

  close(): Promise<void> {
    return this.#table.close();
  }

  async #store(artifact: SignedArtifact, name: string, owner: string, signal: AbortSignal): Promise<void> {
    const item = evidenceItem(artifact, name);
    const size = itemBytes(item);
    if (size > MAX_ITEM_BYTES) throw tooLarge(artifact, size);
    if (await this.#table.write(item, undefined, signal)) return this.#table.note(item, owner, signal);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const current = await this.#table.read(name, signal);
      if (current.item !== undefined) {
        const existing = storedItem(current.item) ?? nothing;
        const comparison = compareExisting({ owner: current.owner, ...existing }, artifact, owner);
        // A crash can have come between document and note.
        if (comparison === 'Same' && current.owner === undefined) return this.#table.note(item, owner, signal);
        if (comparison === 'Same') return;
        // A note follows its document.
        if (comparison === 'Unnoted' && round < MAX_ROUNDS - 1) continue;
        if (comparison === 'Foreign' || comparison === 'Unnoted') throw conflict(this.#tableName, name);
      }
      if (await this.#table.write(item, current.item, signal)) return this.#table.note(item, owner, signal);
    }
    const message = `writing "${name}" to table ${this.#tableName}: other writers replace it each time; it is tried again`;
    throw new StorageError('BackendUnavailable', message);
  }
}

/** Thrown for an item that is not a document of evidence. */
const nothing = { payload: Buffer.alloc(0), signature: Buffer.alloc(0) };

function tooLarge(artifact: SignedArtifact, size: number): StorageError {
  const message = `"${artifact.name}" takes an item of about ${size} bytes and DynamoDB takes ${MAX_ITEM_BYTES}; store it in a backend of another type, such as S3`;
  return new StorageError('BackendRejected', message);
}

function conflict(table: string, name: string): StorageError {
  const message = `item "${name}" of table ${table} holds evidence of another run or policy, which is not overwritten; set keys: PerPolicy on one of the backends, or remove the item`;
  return new StorageError('KeyConflict', message);
}
