// SPDX-License-Identifier: Apache-2.0
import { byteOrder } from '../../tekton/go/go-text.ts';
import type { Encodable, EncodableObject } from '../../tekton/go/encode-json.ts';
import type { RefSource } from '../../tekton/run.ts';
import type { DigestEntry } from '../digest-entries.ts';
import { goJson } from '../../tekton/go/encode-json.ts';

/** The members of an in-toto resource descriptor that provenance uses. */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly content?: string;
  readonly mediaType?: string;
}

/** Names whose entries stay even if they repeat an earlier entry. */
function isKept(name: string): boolean {
  return name === 'task' || name === 'pipeline' || name.startsWith('stepAction/');
}

export function fromRefSource(name: string, source: RefSource): ResourceDescriptor {
  return { name, uri: source.uri, digest: Object.fromEntries(source.digest) };
}

export function fromEntries(entries: readonly DigestEntry[], name = ''): readonly ResourceDescriptor[] {
  return entries.map((entry) => ({ name, uri: entry.name, digest: entry.digest }));
}

/** Drop entries that repeat the URI, digest and content of an earlier one, regardless of their names. */
export function withoutRepeats(descriptors: readonly ResourceDescriptor[]): readonly ResourceDescriptor[] {
  const seen = new Set<string>();
  return descriptors.filter((descriptor) => {
    const key = identity(descriptor);
    const isRepeat = seen.has(key);
    seen.add(key);
    return !isRepeat || isKept(descriptor.name ?? '');
  });
}

function identity({ uri = '', digest = {}, content = '' }: ResourceDescriptor): string {
  const pairs = Object.entries(digest).sort(([left], [right]) => byteOrder(left, right));
  return JSON.stringify([uri, pairs, content]);
}

/** Encode a descriptor; empty members are left out. */
export function encodable({ name, uri, digest, content, mediaType }: ResourceDescriptor): EncodableObject {
  return {
    name: nonEmpty(name),
    uri: nonEmpty(uri),
    digest: digest === undefined || Object.keys(digest).length === 0 ? undefined : digest,
    content: nonEmpty(content),
    mediaType: nonEmpty(mediaType),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Build a by-product whose content is a JSON value in the encoding of Go. */
export function jsonByProduct(name: string, value: Encodable): ResourceDescriptor {
  return { name, content: Buffer.from(goJson(value)).toString('base64'), mediaType: 'application/json' };
}
