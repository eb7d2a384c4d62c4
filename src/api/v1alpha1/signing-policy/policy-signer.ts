// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { unionRule } from '../fields/cel-rule.ts';
import { httpURL } from '../fields/http-url.ts';
import { keyValidity, retiredKeys, windowIsOpen } from './key-validity.ts';
import { objectName } from '../fields/object-name.ts';
import { policyKms } from './policy-kms.ts';
import { configMapKeyRef, secretRef } from '../fields/secret-ref.ts';

const where = "in the policy's own namespace (cluster kinds: in the operator's)";

const key = Type.Object(
  {
    secretRef: secretRef('Secret with x509.pem (PKCS#8), or cosign.key and cosign.password.', where),
    ...keyValidity,
    retired: Type.Optional(retiredKeys),
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
    retired: Type.Optional(retiredKeys),
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
