// SPDX-License-Identifier: Apache-2.0
import { warning } from '../../api/v1alpha1/warning.ts';
import { hexLengths } from '../../tekton/images/digest.ts';
import { quoted } from '../../tekton/quoted.ts';
import type { DigestEntry } from '../digest-entries.ts';

/** Warn about subjects whose digest or name in-toto does not allow; like the reference, Hallmark signs them unchanged. */
export function malformedSubjects(subjects: readonly DigestEntry[]): readonly string[] {
  return subjects.flatMap(({ name, digest }) => {
    const spaced = isPrintable(name) ? [] : [warning('UriMalformed', `subject ${quoted(name)}: ${blanks}`)];
    return [...spaced, ...malformedDigests(`subject ${quoted(name)}`, digest)];
  });
}

/** The same for materials, whose names are URIs. An empty name has no URI. */
export function malformedMaterials(materials: readonly DigestEntry[]): readonly string[] {
  return materials.flatMap(({ name, digest }) => {
    const fault = name === '' ? undefined : uriFault(name);
    const where = `material ${quoted(name)}`;
    const uri = fault === undefined ? [] : [warning('UriMalformed', `${where}: ${fault}`)];
    return [...uri, ...malformedDigests(where, digest)];
  });
}

const blanks = 'a URI has no white space or control characters; it is signed as written';

function uriFault(uri: string): string | undefined {
  if (!isPrintable(uri)) return blanks;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(uri)) return 'a URI begins with a scheme, such as oci:// or git+https://';
  return uri.startsWith('git+') ? gitFault(uri.slice('git+'.length)) : undefined;
}

/** Find the fault in the URL inside `git+<url>.git`. */
function gitFault(url: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(url)) {
    return 'the git source has no URL with a scheme: write https://host/path or ssh://git@host/path';
  }
  if (/[?#]/.test(url)) return 'the git source has a query or a fragment, in front of ".git"';
  return /(\/|\/\.git|\.git\.git|\.git\/\.git)$/.test(url) ? 'the git source ends in "/": leave it out' : undefined;
}

function malformedDigests(where: string, digest: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(digest).flatMap(([algorithm, value]) => {
    const fault = digestFault(algorithm, value);
    return fault === undefined ? [] : [warning('DigestMalformed', `${where}: ${fault}; it is signed as written`)];
  });
}

function digestFault(algorithm: string, value: string): string | undefined {
  const shown = `its digest ${quoted(value)} under ${quoted(algorithm)}`;
  if (!/^[a-z][A-Za-z0-9_-]*$/.test(algorithm)) return `${shown} has an algorithm that in-toto does not allow`;
  const wanted = hexLengths.get(algorithm);
  if (wanted === undefined) return isPrintable(value) ? undefined : `${shown} has white space`;
  if (value.length === wanted && /^[0-9a-f]+$/.test(value)) return undefined;
  return `${shown} is not ${wanted} digits of lower-case hexadecimal`;
}

function isPrintable(text: string): boolean {
  return !/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
}
