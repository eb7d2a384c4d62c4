// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { StorageError } from '../../storage-error.ts';

const statement = Compile(Type.Object({ predicateType: Type.String({ minLength: 1 }) }));

/** The predicate type of a statement. @throws StorageError `BackendRejected` for what is none */
export function predicateType({ name, payload }: Pick<SignedArtifact, 'name' | 'payload'>): string {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    if (statement.Check(value)) return value.predicateType;
  } catch {
    // Told below.
  }
  throw new StorageError('BackendRejected', `"${name}" is no in-toto statement with a predicate type`);
}
