// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { objectName } from './object-name.ts';

/** A Secret by name. It carries no namespace: the resolver decides where it is read, and `where` documents that. */
export function secretRef(description: string, where: string) {
  return Type.Object({ name: objectName(`Name of the Secret, read ${where}.`) }, { description });
}
