// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { field, has } from '../../../json/fields.ts';
import { objectName } from '../fields/object-name.ts';

/** The namespace of references of a backend, for descriptions. */
export const where = "in the backend's own namespace (cluster kinds: in the operator's)";

const insecureOrCa: CelRule = {
  rule: '!(has(self.insecure) && self.insecure && has(self.caBundleRef))',
  message: 'insecure verifies no certificate, so caBundleRef must not be set with it',
  holds: (self) => !(field(self, 'insecure') === true && has(self, 'caBundleRef')),
};

/** `tls` of a backend: the checks of its server's identity. */
export const tls = Type.Object(
  {
    caBundleRef: Type.Optional(
      Type.Object(
        {
          name: objectName(`Name of the ConfigMap, read ${where}.`),
          key: Type.Optional(
            Type.String({ description: 'Key whose value is the PEM bundle.', minLength: 1, maxLength: 253 }),
          ),
        },
        { description: "ConfigMap with the certificates to trust for the server instead of the system's." },
      ),
    ),
    insecure: Type.Optional(
      Type.Boolean({ description: 'Allow plain HTTP and certificates that do not verify. For tests.' }),
    ),
  },
  { description: "How the server's identity is checked.", 'x-kubernetes-validations': [insecureOrCa] },
);
