// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { stringField } from '../json/fields.ts';
import type { LogClient } from './log-client.ts';
import { witnessRefusal } from './log-failure.ts';
import { TiledLog } from './tiled-log.ts';
import { TransparencyError } from './transparency-error.ts';

interface Checkpoint {
  readonly envelope: string;
  readonly size: number;
  /** Base64. */
  readonly rootHash: string;
  /** The first four bytes of the key ids that signed it, hex. */
  readonly keyHints: readonly string[];
}

const MAX_SIZE = 2 ** 40;
const MAX_CHECKPOINT_BYTES = 16_384;
/** The delay until a checkpoint covers a new entry. */
const NEXT_CHECKPOINT_SECONDS = 5;

/** Reads the entry at an index with its proof. @returns JSON of TransparencyLogEntry, not verified */
export async function tiledEntry(index: number, trustedRoot: TrustedRoot, client: LogClient): Promise<object> {
  const read = async (path: string, maxResponseBytes: number): Promise<Buffer> => {
    const response = await client.send({ method: 'GET', url: client.at(`/api/v2/${path}`), maxResponseBytes });
    if (response.status !== 200) throw witnessRefusal(response, client.name);
    return response.body;
  };
  const checkpoint = parsed((await read('checkpoint', MAX_CHECKPOINT_BYTES)).toString('utf8'), client);
  if (checkpoint.size <= index) {
    const message = `the ${client.name.text} has accepted the signature and proves it with its next checkpoint`;
    throw new TransparencyError(client.name.unavailable, message, { retryAfterSeconds: NEXT_CHECKPOINT_SECONDS });
  }
  const log = new TiledLog(checkpoint.size, read);
  const body = await log.entry(index);
  const hashes = await log.inclusionProof(index);
  const content = client.json(body);
  return {
    logIndex: String(index),
    logId: { keyId: logID(checkpoint, trustedRoot, client) },
    kindVersion: { kind: stringField(content, 'kind') ?? '', version: stringField(content, 'apiVersion') ?? '' },
    integratedTime: '0',
    inclusionProof: {
      logIndex: String(index),
      rootHash: checkpoint.rootHash,
      treeSize: String(checkpoint.size),
      hashes: hashes.map((hash) => hash.toString('base64')),
      checkpoint: { envelope: checkpoint.envelope },
    },
    canonicalizedBody: body.toString('base64'),
  };
}

/** Parses a signed note: lines with origin, size and root hash, an empty line, and signatures that begin with a key hint. */
function parsed(envelope: string, { name }: LogClient): Checkpoint {
  const [note = '', signatures = ''] = envelope.split('\n\n');
  const [, digits = '', rootHash = ''] = note.split('\n');
  const keyHints = [...signatures.matchAll(/^\u2014 \S+ (\S+)$/gm)].map(([, text = '']) =>
    Buffer.from(text, 'base64').subarray(0, 4).toString('hex'),
  );
  const size = /^\d{1,13}$/.test(digits) ? Number(digits) : MAX_SIZE;
  if (size < MAX_SIZE && keyHints.length > 0) return { envelope, size, rootHash, keyHints };
  throw new TransparencyError(name.unavailable, `the ${name.text} returned something that is not a checkpoint`);
}

/** Finds the log of the trusted root that signed the checkpoint. Checkpoints carry only the first bytes of a log's id. */
function logID({ keyHints }: Checkpoint, { tlogs }: TrustedRoot, { name }: LogClient): string {
  const ids = tlogs.flatMap(({ checkpointKeyId, logId }) => (checkpointKeyId ?? logId)?.keyId ?? []);
  const id = ids.find((keyId) => keyHints.includes(keyId.subarray(0, 4).toString('hex')));
  if (id !== undefined) return id.toString('base64');
  throw new TransparencyError('VerificationFailed', `the ${name.text} is not in spec.trustedRoot: add it there`);
}
