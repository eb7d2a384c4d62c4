// SPDX-License-Identifier: Apache-2.0
import { tryParseJson } from '../json/try-parse-json.ts';
import { numberField, objectField, stringField } from '../json/fields.ts';
import { KubeError, type NamedObject } from './kube-error.ts';

export interface RefusedResponse {
  /** Verb and target, for the message. */
  readonly request: string;
  readonly status: number;
  /** The body, or its beginning. */
  readonly text: string;
  /** The `Retry-After` header. */
  readonly retryAfter?: string | undefined;
}

const MAX_QUOTED_CHARACTERS = 1024;

/** The error that a refused request stands for, from the `metav1.Status` in its body where there is one. */
export function kubeErrorFromResponse(response: RefusedResponse): KubeError {
  const status = tryParseJson(response.text);
  const message = (stringField(status, 'message') ?? response.text.trim()).slice(0, MAX_QUOTED_CHARACTERS);
  return new KubeError({
    status: response.status,
    reason: stringField(status, 'reason') ?? `HTTP${response.status}`,
    message: `${response.request}: ${message === '' ? `HTTP ${response.status}` : message}`,
    retryAfterSeconds:
      retryAfterSeconds(response.retryAfter) ?? numberField(objectField(status, 'details'), 'retryAfterSeconds'),
    continueToken: nonEmpty(stringField(objectField(status, 'metadata'), 'continue')),
    about: namedObject(status),
  });
}

/** The error that a `metav1.Status` object inside a watch stands for. */
export function kubeErrorFromStatus(request: string, status: unknown): KubeError {
  const code = numberField(status, 'code') ?? 0;
  return new KubeError({
    status: code,
    reason: stringField(status, 'reason') ?? 'Unknown',
    message: `${request}: ${(stringField(status, 'message') ?? 'the API server sent an error').slice(0, MAX_QUOTED_CHARACTERS)}`,
    retryAfterSeconds: numberField(objectField(status, 'details'), 'retryAfterSeconds'),
    about: namedObject(status),
  });
}

function namedObject(status: unknown): NamedObject {
  const details = objectField(status, 'details');
  return { kind: stringField(details, 'kind'), name: stringField(details, 'name') };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Only the form in seconds: the API server sends no dates. */
function retryAfterSeconds(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
