// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { KafkaSpec } from '../../api/v1alpha1/backend-types/kafka.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import { backendTls } from '../http/backend-tls.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { StorageError } from '../storage-error.ts';

/** The TLS settings and the credentials for brokers. */
export interface KafkaSecurity {
  /** Absent for connections without TLS. */
  readonly tls?: TlsOptions;
  /** Absent for anonymous connections. */
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: SecretValue;
  };
  /** Changes whenever any field above changes. */
  readonly fingerprint: string;
}

/** Read the backend's Secrets and ConfigMaps for each call, so that a correction takes effect at once. @throws StorageError */
export async function kafkaSecurity(
  backend: BackendDefinition,
  kafka: WithEffectiveTls<KafkaSpec>,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<KafkaSecurity> {
  const tls = kafka.plaintext === true ? undefined : await backendTls(backend, kafka.tls, objects, signal);
  const sasl = await accountOf(backend, kafka, objects, signal);
  const parts = [tls?.ca, tls?.insecure, sasl?.mechanism, sasl?.username, sasl?.password.revealText()];
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([tls !== undefined, ...parts]))
    .digest('hex');
  return { fingerprint, ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) };
}

async function accountOf(
  backend: BackendDefinition,
  { authentication }: WithEffectiveTls<KafkaSpec>,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<KafkaSecurity['sasl']> {
  const { secretRef, mechanism } = authentication ?? {};
  if (secretRef === undefined || mechanism === undefined) return undefined;
  const data = await objects.getSecret(backend.namespace, secretRef.name, signal);
  const { username, password } = data ?? {};
  if (username !== undefined && password !== undefined) {
    return { mechanism, username: Buffer.from(username).toString('utf8'), password: new SecretValue(password) };
  }
  const what = `Secret ${backend.namespace}/${secretRef.name}`;
  const remedy = data === undefined ? 'does not exist: create it' : 'lacks username or password: add them';
  throw new StorageError('BackendUnauthorized', `${describeBackend(backend)} signs in with ${what}, which ${remedy}`);
}
