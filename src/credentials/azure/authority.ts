// SPDX-License-Identifier: Apache-2.0
import { CredentialError } from '../credential-error.ts';

const AUTHORITY_HOST = 'https://login.microsoftonline.com';

/** The URL of the token authority. @throws CredentialError `Invalid` */
export function authorityOf(text: string = AUTHORITY_HOST): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') throw new CredentialError('Invalid', 'authorityHost is not an https URL: correct it');
  return url;
}
