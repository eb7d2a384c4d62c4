// SPDX-License-Identifier: Apache-2.0
import { parseImageReference } from './image-reference.ts';
import type { ImageReference } from './image-reference.ts';

const scheme = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Schemes in front of a plain image name. */
const imageSchemes: ReadonlySet<string> = new Set(['oci', 'docker', 'docker-pullable']);
const digestSuffix = /@sha256:([a-f0-9]{64})$/;

/**
 * Resolve the image that a subject names: a plain image name, `oci://…`, `docker://…` or a package URL of type oci or
 * docker (https://github.com/package-url/purl-spec). The result has the canonical name, without scheme, tag and digest.
 * Undefined for everything else, such as an https URL. Image signatures and the location of attestations in registries
 * both depend on it.
 *
 * @param digestHex the SHA-256 of the subject; a digest within the name must be the same
 */
export function imageOfSubject(name: string, digestHex: string): ImageReference | undefined {
  const plain = plainImageName(name);
  if (plain === undefined) return undefined;
  const stated = digestSuffix.exec(plain)?.[1];
  if (stated !== undefined && stated !== digestHex) return undefined;
  return parseImageReference(`${plain.replace(digestSuffix, '')}@sha256:${digestHex}`);
}

/** The image name in a name or URI; it may end in a tag and a digest. */
export function plainImageName(name: string): string | undefined {
  if (/^pkg:/i.test(name)) return packageImage(name);
  const prefix = scheme.exec(name)?.[1];
  if (prefix === undefined) return name;
  return imageSchemes.has(prefix.toLowerCase()) ? name.slice(prefix.length + '://'.length) : undefined;
}

interface PackageUrl {
  readonly type: string;
  readonly namespace: readonly string[];
  /** Without version and tag. */
  readonly name: string;
  /** Without scheme; empty when there is none. */
  readonly repositoryURL: string;
}

/** `pkg:oci/app@sha256:…?repository_url=registry/team/app`, `pkg:docker/team/app@…?repository_url=registry`. */
function packageImage(url: string): string | undefined {
  const parsed = parsePackageUrl(url);
  if (parsed === undefined) return undefined;
  const { type, namespace, name, repositoryURL } = parsed;
  if (type === 'docker') return [repositoryURL === '' ? 'docker.io' : repositoryURL, ...namespace, name].join('/');
  if (type !== 'oci' || repositoryURL === '') return undefined;
  // The specification includes the name in repository_url; the documentation of Tekton omits it.
  return repositoryURL.endsWith(`/${name}`) ? repositoryURL : `${repositoryURL}/${name}`;
}

function parsePackageUrl(url: string): PackageUrl | undefined {
  const [path = '', query = ''] = url.replace(/#.*$/s, '').slice('pkg:'.length).split('?');
  const [type = '', ...parts] = path.split('/').filter((part) => part !== '');
  const last = decoded(parts.pop() ?? '');
  const repository = decoded(new Map(query.split('&').map(pair)).get('repository_url') ?? '');
  const name = last?.replace(/[@:].*$/s, '') ?? '';
  if (name === '' || repository === undefined) return undefined;
  const repositoryURL = repository.replace(scheme, '').replace(/\/$/, '');
  return { type: type.toLowerCase(), namespace: parts, name, repositoryURL };
}

function pair(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
