// SPDX-License-Identifier: Apache-2.0
import { structJson } from '../tekton/go/encode-json.ts';
import type { Statement } from './statement.ts';

export const statementPayloadType = 'application/vnd.in-toto+json';

/**
 * The statement as protobuf's JSON writes it: the top-level members in the order of the message, everything below sorted,
 * no blanks. What is empty is left out.
 */
export function statementBytes({ type, subjects, predicateType, predicate }: Statement): Buffer {
  const written = subjects.map(({ name, digest }) => {
    const members = [
      ...(name === '' ? [] : [`"name":${structJson(name)}`]),
      ...(Object.keys(digest).length === 0 ? [] : [`"digest":${structJson(digest)}`]),
    ];
    return `{${members.join(',')}}`;
  });
  const subject = written.length === 0 ? '' : `"subject":[${written.join(',')}],`;
  return Buffer.from(
    `{"_type":${structJson(type)},${subject}"predicateType":${structJson(predicateType)},"predicate":${structJson(predicate)}}`,
  );
}
