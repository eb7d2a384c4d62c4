// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { objectName } from './object-name.ts';

/** A Secret by name, without a namespace: the resolver decides the namespace, and `where` documents it. */
export function secretRef(description: string, where: string) {
  return Type.Object({ name: objectName(`Name of the Secret, read ${where}.`) }, { description });
}

/** An entry of a ConfigMap that holds PEM certificates; `ca.crt` by default. */
export function configMapKeyRef(description: string, where: string) {
  return Type.Object(
    {
      name: objectName(`Name of the ConfigMap, read ${where}.`),
      key: Type.Optional(
        Type.String({
          description: 'Key whose value is the PEM bundle, ca.crt by default.',
          minLength: 1,
          maxLength: 253,
        }),
      ),
    },
    { description },
  );
}
