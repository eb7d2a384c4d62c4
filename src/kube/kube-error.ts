// SPDX-License-Identifier: Apache-2.0
import { AccessError } from '../runtime/errors/access-error.ts';
import type { ReasonedErrorOptions } from '../runtime/errors/reasoned-error.ts';

export interface KubeErrorDetails extends ReasonedErrorOptions {
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** `metav1.Status` reason, or `Unreachable`, `Timeout`, `ResponseTooLarge`, `MalformedResponse` when there is no such answer. */
  readonly reason: string;
  readonly message: string;
  /** With which a list whose token expired can go on, at a later version. */
  readonly continueToken?: string | undefined;
  /** The `details` of the server's answer; empty where it names nothing, absent where there was no answer. */
  readonly about?: NamedObject | undefined;
}

/** The object that a response is about. */
export interface NamedObject {
  /** A resource in its plural form, as `details.kind` has it. */
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
}

/** A failed request to the Kubernetes API. The message names the request and holds the server's message. */
export class KubeError extends AccessError {
  readonly status: number;
  readonly continueToken: string | undefined;
  readonly about: NamedObject | undefined;

  constructor(details: KubeErrorDetails) {
    super(details.reason, details.message, details);
    this.status = details.status;
    this.continueToken = details.continueToken;
    this.about = details.about;
  }

  get failure(): 'Unauthorized' | 'Unavailable' {
    return isForbidden(this) ? 'Unauthorized' : 'Unavailable';
  }
}

/** The object is not there. An answer that names no object (`isNotServed`) says nothing about it. */
export function isNotFound(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 404 && !isNotServed(error);
}

/** "The server could not find the requested resource": the kind is not served now, because its CRD is away or not established yet. */
export function isNotServed(error: unknown): error is KubeError {
  return (
    error instanceof KubeError && error.status === 404 && error.about !== undefined && error.about.name === undefined
  );
}

/** The namespace that was written to is not there. */
export function isNamespaceGone(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 404 && error.about?.kind === 'namespaces';
}

/** The object changed since it was read, or a precondition (UID, resourceVersion, field ownership) does not hold. */
export function isConflict(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 409 && error.reason === 'AlreadyExists';
}

export function isForbidden(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 403 || error.status === 401);
}

/** The object violates its schema or an admission rule that only a change of the object can satisfy. */
export function isInvalid(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 422 || error.status === 400);
}

/** The resourceVersion or continue token is older than what the server keeps. */
export function isExpired(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

/** No answer, or one that says the server cannot serve now. */
export function isUnavailable(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

export function isResponseTooLarge(error: unknown): error is KubeError {
  return error instanceof KubeError && error.reason === 'ResponseTooLarge';
}
