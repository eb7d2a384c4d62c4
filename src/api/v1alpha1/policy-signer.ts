// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from './cel-rule.ts';
import { unionRule } from './cel-rule.ts';
import { field } from './field.ts';
import { httpURL } from './http-url.ts';
import { objectName } from './object-name.ts';
import { policyKms } from './policy-kms.ts';
import { configMapKeyRef, secretRef } from './secret-ref.ts';

const where = "in the policy's own namespace (cluster kinds: in the operator's)";

const validity = {
  notBefore: Type.Optional(
    Type.String({ description: 'Signatures made before this time do not count.', format: 'date-time' }),
  ),
  notAfter: Type.Optional(
    Type.String({
      description: 'The key signs no more after this time, and what it signed later does not count.',
      format: 'date-time',
    }),
  ),
};

const windowIsOpen: CelRule = {
  rule: '!has(self.notBefore) || !has(self.notAfter) || self.notBefore < self.notAfter',
  message: 'notBefore must be before notAfter',
  holds: (self) => {
    const [from, to] = [field(self, 'notBefore'), field(self, 'notAfter')];
    return typeof from !== 'string' || typeof to !== 'string' || Date.parse(from) < Date.parse(to);
  },
};

const retiredKey = Type.Object(
  {
    name: objectName(`Name of the Secret, read ${where}. Its public key suffices, as entry cosign.pub or x509.pub.`),
    ...validity,
  },
  { 'x-kubernetes-validations': [windowIsOpen] },
);

const key = Type.Object(
  {
    secretRef: secretRef('Secret with x509.pem (PKCS#8), or cosign.key and cosign.password.', where),
    ...validity,
    retired: Type.Optional(
      Type.Array(retiredKey, {
        description: 'Secrets of earlier keys: they sign no more, and what they signed still verifies.',
        maxItems: 16,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    ),
  },
  { description: 'A private key in a Secret.', 'x-kubernetes-validations': [windowIsOpen] },
);

const keyless = Type.Object(
  {
    fulcioURL: httpURL('The certificate authority.'),
    serviceAccountName: objectName(`ServiceAccount ${where} that certificates are issued to.`),
    caBundleRef: Type.Optional(
      configMapKeyRef("ConfigMap with the certificates to trust for Fulcio's TLS instead of the system's.", where),
    ),
  },
  { description: 'A key for each run, with a certificate of Fulcio for a ServiceAccount.' },
);

/** `spec.signer` of both policy kinds. */
export const policySigner = Type.Object(
  {
    type: Type.Enum(['Key', 'KMS', 'Keyless'], {
      description: 'Which kind of signer; the member of that name configures it.',
    }),
    key: Type.Optional(key),
    kms: Type.Optional(policyKms),
    keyless: Type.Optional(keyless),
  },
  {
    description: 'What signs. Exactly one member, named by type.',
    'x-kubernetes-validations': [
      unionRule('type', 'Key', 'key'),
      unionRule('type', 'KMS', 'kms'),
      unionRule('type', 'Keyless', 'keyless'),
    ],
  },
);
