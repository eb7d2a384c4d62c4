// SPDX-License-Identifier: Apache-2.0
import { tryParseJson } from '../../json/try-parse-json.ts';
import { stringField } from '../../json/fields.ts';
import { SigningError } from '../signing-error.ts';

/** The claims of a ServiceAccount token. Fulcio verifies them; this process does not. */
export interface TokenClaims {
  /** `system:serviceaccount:NAMESPACE:NAME` of a Kubernetes token. */
  readonly subject: string;
  readonly issuer: string;
}

/** @throws SigningError when it is no token with a subject; the message shows nothing of it */
export function tokenClaims(token: string): TokenClaims {
  const claims = payload(token);
  const subject = stringField(claims, 'sub');
  const issuer = stringField(claims, 'iss');
  if (subject !== undefined && issuer !== undefined) return { subject, issuer };
  throw new SigningError('SignerUnavailable', 'the token of the API server states no subject or issuer');
}

const account = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** The identity that Fulcio puts into certificates for a ServiceAccount; undefined for another subject. */
export function kubernetesIdentity({ subject }: TokenClaims): string | undefined {
  const [, namespace, name] = account.exec(subject) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${name}`;
}

function payload(token: string): unknown {
  const [, part = ''] = token.split('.');
  return tryParseJson(Buffer.from(part, 'base64url'));
}
