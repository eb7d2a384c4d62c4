// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net';

/** An image named by digest, as go-containerregistry reads it in its weak mode. */
export interface ImageReference {
  /** Host and optional port, with its case unchanged. */
  readonly registry: string;
  /** The path under the registry. */
  readonly repositoryPath: string;
  /** `<registry>/<path>`: the name of the subject. */
  readonly repository: string;
  readonly digestHex: string;
  /** `<repository>@sha256:<hex>`. */
  readonly fullName: string;
}

const defaultRegistry = 'index.docker.io';
const digestPattern = /^sha256:([a-f0-9]{64})$/;
const tagPattern = /^[A-Za-z0-9_.-]{1,128}$/;
const repositoryPattern = /^[a-z0-9_./-]{2,255}$/;

/** Parse `name[:tag]@sha256:<hex>`; undefined when it is not such a name. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [base, digest, ...rest] = text.split('@');
  const hex = digestPattern.exec(digest ?? '')?.[1];
  if (base === undefined || hex === undefined || rest.length > 0) return undefined;
  const untagged = withoutTag(base);
  const slash = untagged.indexOf('/');
  const first = slash < 0 ? '' : untagged.slice(0, slash);
  const hasRegistry = slash >= 0 && (first === 'localhost' || /[.:]/.test(first));
  const registry = registryName(hasRegistry ? first : '');
  const path = hasRegistry ? untagged.slice(slash + 1) : untagged;
  if (!repositoryPattern.test(path) || !isImageAuthority(registry)) return undefined;
  const repositoryPath = registry === defaultRegistry && !path.includes('/') ? `library/${path}` : path;
  // The reference parses the canonical name again, so its length counts too.
  if (!repositoryPattern.test(repositoryPath)) return undefined;
  const repository = `${registry}/${repositoryPath}`;
  return { registry, repositoryPath, repository, digestHex: hex, fullName: `${repository}@sha256:${hex}` };
}

function withoutTag(base: string): string {
  const colon = base.lastIndexOf(':');
  if (colon < 0) return base;
  const tag = base.slice(colon + 1);
  return !tag.includes('/') && tagPattern.test(tag) ? base.slice(0, colon) : base;
}

function registryName(name: string): string {
  return name === '' || name === 'docker.io' ? defaultRegistry : name;
}

/** Go's URL parser accepts letters, digits and these characters in a host, and everything from U+0080. */
const hostPattern = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\u{10FFFF}]*$/u;
const portPattern = /^(:[0-9]*)?$/;

/** True when Go's `url.Parse` reads `//<text>` as a URL of exactly this host, which the reference requires of a registry. */
export function isImageAuthority(text: string): boolean {
  if (!hostPattern.test(text)) return false;
  const open = text.lastIndexOf('[');
  if (open < 0) return portPattern.test(text.includes(':') ? text.slice(text.lastIndexOf(':')) : '');
  // Brackets hold only an IPv6 address, with nothing before them.
  const close = text.lastIndexOf(']');
  if (open > 0 || close < 0) return false;
  const address = text.slice(1, close);
  return isIPv6(address) && !address.includes('%') && portPattern.test(text.slice(close + 1));
}
