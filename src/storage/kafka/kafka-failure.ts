// SPDX-License-Identifier: Apache-2.0
import { causesOf } from '../../runtime/errors/causes-of.ts';
import type { StorageReason } from '../storage-error.ts';
import { StorageError } from '../storage-error.ts';
import { callFailure } from '../http/call-failure.ts';

interface Meaning {
  readonly reason: StorageReason;
  readonly remedy: string;
}

const missingTopic: Meaning = { reason: 'BackendRejected', remedy: 'create the topic, or correct kafka.topic' };
const notAllowed: Meaning = {
  reason: 'BackendUnauthorized',
  remedy: 'allow the user of kafka.authentication to describe, read and write the topic',
};
const badLogin: Meaning = {
  reason: 'BackendUnauthorized',
  remedy: 'correct the username, password and mechanism of kafka.authentication',
};
const tooLarge: Meaning = {
  reason: 'BackendRejected',
  remedy: "raise the topic's max.message.bytes, or store the evidence in a backend of another type",
};

/** Protocol errors for which a retry does not help. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  UNKNOWN_TOPIC_OR_PARTITION: missingTopic,
  INVALID_TOPIC_EXCEPTION: missingTopic,
  TOPIC_AUTHORIZATION_FAILED: notAllowed,
  CLUSTER_AUTHORIZATION_FAILED: notAllowed,
  SASL_AUTHENTICATION_FAILED: badLogin,
  UNSUPPORTED_SASL_MECHANISM: badLogin,
  ILLEGAL_SASL_STATE: badLogin,
  MESSAGE_TOO_LARGE: tooLarge,
  RECORD_LIST_TOO_LARGE: tooLarge,
  INVALID_RECORD: { reason: 'BackendRejected', remedy: 'the broker takes no such message: see its log' },
  POLICY_VIOLATION: { reason: 'BackendRejected', remedy: 'the broker takes no such message: see its log' },
  UNSUPPORTED_VERSION: { reason: 'BackendRejected', remedy: 'the brokers must be Kafka 2.3 or later' },
};

/** Translate a failed call of a broker. The library's own text is not repeated: brokers choose parts of it. */
export function kafkaFailure(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const codes = protocolCodes(error);
  for (const code of codes) {
    const meaning = MEANINGS[code];
    if (meaning !== undefined) return new StorageError(meaning.reason, `${doing}: ${code}; ${meaning.remedy}`);
  }
  const [code] = codes;
  if (code !== undefined) return new StorageError('BackendUnavailable', `${doing}: ${code}; it is tried again`);
  if (hasCode(error, 'PLT_KFK_AUTHENTICATION')) {
    return new StorageError('BackendUnauthorized', `${doing}: the broker refuses to sign in; ${badLogin.remedy}`);
  }
  if (hasCode(error, 'PLT_KFK_USER')) {
    const message = `${doing}: only one side speaks TLS; set kafka.plaintext where the broker does not, and remove it where it does`;
    return new StorageError('BackendRejected', message);
  }
  return callFailure(error, doing);
}

/** True if the topic's partitions have other leaders now, so that nothing was written. */
export function isStale(error: unknown): boolean {
  const elsewhere = ['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'];
  return protocolCodes(error).some((code) => elsewhere.includes(code));
}

/** True if the offset does not exist. */
export function isOutOfRange(error: unknown): boolean {
  return protocolCodes(error).includes('OFFSET_OUT_OF_RANGE');
}

/** The names of Kafka's errors in an error of the library, its causes and properties. */
function protocolCodes(error: unknown): readonly string[] {
  return causesOf(error).flatMap((member) =>
    'apiId' in member && typeof member.apiId === 'string' ? [member.apiId] : [],
  );
}

function hasCode(error: unknown, code: string): boolean {
  return causesOf(error).some((member) => 'code' in member && member.code === code);
}
