// SPDX-License-Identifier: Apache-2.0
import type { WarningKind } from '../../api/v1alpha1/warning.ts';
import { hexLengths } from '../../tekton/images/digest.ts';
import { plainImageName } from '../../tekton/images/image-name.ts';
import { parseImageReference } from '../../tekton/images/image-reference.ts';

/** A fault of an announcement: the kind of the warning, and the text after the name of the result. */
export interface HintFault {
  readonly kind: WarningKind;
  readonly text: string;
}

const registryPattern = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
const pathPattern = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Explain why a name and a digest identify no image, or none that a registry can hold; undefined for a valid pair. */
export function imageFault(name: string, digest: string): HintFault | undefined {
  const image = parseImageReference(`${name}@${digest}`);
  if (image === undefined) return { kind: 'HintIgnored', text: unreadable(name, digest) };
  if (registryPattern.test(image.registry) && pathPattern.test(image.repositoryPath)) return undefined;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(name)?.[0];
  if (scheme === undefined) return { kind: 'HintMalformed', text: 'no registry can hold a repository with this name' };
  const plain = plainImageName(name) ?? name.slice(scheme.length);
  return { kind: 'HintMalformed', text: `an image name has no scheme: write ${JSON.stringify(plain)}` };
}

type Rule = (name: string, digest: string) => string | undefined;

const rules: readonly Rule[] = [
  (name) => (/\s/.test(name) ? 'the name contains white space' : undefined),
  (name) => (name.includes('@') ? 'the name contains a digest: write the name without it' : undefined),
  (_, digest) => (/^sha256:[0-9a-f]{64}$/.test(digest) ? undefined : digestFault(digest, ['sha256'])),
  (name) => (/[A-Z]/.test(name.slice(name.indexOf('/') + 1)) ? 'repository names are lower case' : undefined),
];

function unreadable(name: string, digest: string): string {
  for (const rule of rules) {
    const fault = rule(name, digest);
    if (fault !== undefined) return fault;
  }
  return 'it is not an image name such as registry.example/team/app';
}

/** Find the fault in a digest that must be of one of the algorithms. */
export function digestFault(text: string, algorithms: readonly string[] = [...hexLengths.keys()]): string {
  const [algorithm = '', hex, ...rest] = text.split(':');
  if (text === '') return 'the digest is missing';
  if (/\s/.test(text.trim())) return 'the digest contains white space';
  if (hex === undefined) return `the digest does not begin with its algorithm, such as "sha256:"`;
  if (rest.length > 0 || !algorithms.includes(algorithm.trim().toLowerCase())) {
    return `the algorithm of the digest is not one of ${algorithms.join(', ')}`;
  }
  const wanted = hexLengths.get(algorithm.trim().toLowerCase()) ?? 0;
  if (hex.trim().length !== wanted) return `the digest has ${hex.trim().length} digits, and ${algorithm} has ${wanted}`;
  return 'the digest is not written in lower-case hexadecimal digits';
}
