// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from './cel-rule.ts';
import { matchesRule, unionRule } from './cel-rule.ts';
import { field, has } from './field.ts';
import { httpURL } from './http-url.ts';
import { objectName } from './object-name.ts';
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

const kmsURI = /^(awskms|gcpkms|azurekms|hashivault|openbao):\/\/\S+$/;

const oneIdentity: CelRule = {
  rule: '!(has(self.secretRef) && has(self.serviceAccountName))',
  message: 'secretRef and serviceAccountName are two ways to authenticate: set one of them',
  holds: (self) => !(has(self, 'secretRef') && has(self, 'serviceAccountName')),
};

/** A member of `kms` that belongs to some schemes of its URI. */
function schemeRule(member: string, schemes: readonly string[]): CelRule {
  const starts = schemes.map((scheme) => `self.uri.startsWith('${scheme}://')`).join(' || ');
  return {
    rule: `!has(self.${member}) || ${starts}`,
    message: `${member} belongs to ${schemes.map((scheme) => `${scheme}://`).join(' and ')} alone`,
    holds: (self) => {
      const uri = field(self, 'uri');
      return !has(self, member) || schemes.some((scheme) => typeof uri === 'string' && uri.startsWith(`${scheme}://`));
    },
  };
}

const kms = Type.Object(
  {
    uri: Type.String({
      description:
        'The key: awskms://[endpoint]/KEY, gcpkms://projects/…/cryptoKeys/KEY, azurekms://VAULT-HOST/KEY[/VERSION], hashivault://KEY or openbao://KEY.',
      minLength: 1,
      maxLength: 1024,
      'x-kubernetes-validations': [
        matchesRule(kmsURI, 'must begin with awskms://, gcpkms://, azurekms://, hashivault:// or openbao://'),
      ],
    }),
    secretRef: Type.Optional(secretRef('Secret with static credentials of the provider.', where)),
    serviceAccountName: Type.Optional(
      objectName(`ServiceAccount ${where} whose token the provider exchanges for credentials.`),
    ),
    caBundleRef: Type.Optional(
      configMapKeyRef("ConfigMap with the certificates to trust for the provider instead of the system's.", where),
    ),
    aws: Type.Optional(
      Type.Object(
        {
          region: Type.Optional(
            Type.String({
              description: "Region of the key; that of the key's ARN by default.",
              minLength: 1,
              maxLength: 64,
            }),
          ),
          roleARN: Type.Optional(
            Type.String({
              description: 'Role that the ServiceAccount assumes by web identity.',
              minLength: 1,
              maxLength: 2048,
            }),
          ),
          stsEndpoint: Type.Optional(httpURL('STS endpoint, that of the region by default.')),
        },
        { description: 'Settings of awskms://.' },
      ),
    ),
    google: Type.Optional(
      Type.Object(
        {
          workloadIdentityProvider: Type.Optional(
            Type.String({
              description:
                'Provider that trusts the cluster: projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME.',
              minLength: 1,
              maxLength: 1024,
            }),
          ),
          serviceAccountEmail: Type.Optional(
            Type.String({ description: 'Google service account to impersonate.', minLength: 1, maxLength: 320 }),
          ),
          endpoint: Type.Optional(
            Type.String({
              description: 'host[:port] of the Cloud KMS API, cloudkms.googleapis.com by default.',
              minLength: 1,
              maxLength: 300,
            }),
          ),
          stsEndpoint: Type.Optional(httpURL('Token exchange endpoint, https://sts.googleapis.com by default.')),
        },
        { description: 'Settings of gcpkms://.' },
      ),
    ),
    azure: Type.Optional(
      Type.Object(
        {
          tenantID: Type.Optional(
            Type.String({ description: 'Directory of the application.', minLength: 1, maxLength: 64 }),
          ),
          clientID: Type.Optional(
            Type.String({ description: 'Application that trusts the ServiceAccount.', minLength: 1, maxLength: 64 }),
          ),
          authorityHost: Type.Optional(
            httpURL('Where tokens are asked for, https://login.microsoftonline.com by default.'),
          ),
        },
        { description: 'Settings of azurekms://.' },
      ),
    ),
    vault: Type.Optional(
      Type.Object(
        {
          address: Type.Optional(httpURL('Address of the server. Required for namespaced policies.')),
          namespace: Type.Optional(
            Type.String({ description: 'Namespace inside the server.', minLength: 1, maxLength: 512 }),
          ),
          transitPath: Type.Optional(
            Type.String({
              description: 'Mount of the transit engine, transit by default.',
              minLength: 1,
              maxLength: 512,
            }),
          ),
          keyVersion: Type.Optional(
            Type.Integer({
              description: 'Version of the key, the latest by default.',
              minimum: 1,
              maximum: 1_000_000,
              format: 'int32',
            }),
          ),
          authentication: Type.Optional(
            Type.Object(
              {
                method: Type.Optional(
                  Type.Enum(['JWT', 'Kubernetes'], { description: 'Auth method that takes the ServiceAccount token.' }),
                ),
                path: Type.Optional(
                  Type.String({
                    description: 'Mount of the auth method, jwt or kubernetes by default.',
                    minLength: 1,
                    maxLength: 512,
                  }),
                ),
                role: Type.String({ description: 'Role to log in as.', minLength: 1, maxLength: 512 }),
                audience: Type.Optional(
                  Type.String({
                    description: 'Audience of the token, vault by default.',
                    minLength: 1,
                    maxLength: 512,
                  }),
                ),
              },
              { description: 'How the ServiceAccount logs in.' },
            ),
          ),
        },
        { description: 'Settings of hashivault:// and openbao://.' },
      ),
    ),
  },
  {
    description: 'A key in a key management service.',
    'x-kubernetes-validations': [
      oneIdentity,
      schemeRule('aws', ['awskms']),
      schemeRule('google', ['gcpkms']),
      schemeRule('azure', ['azurekms']),
      schemeRule('vault', ['hashivault', 'openbao']),
    ],
  },
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

const ownIdentity: CelRule = {
  rule: '!has(self.signer.kms) || has(self.signer.kms.secretRef) || has(self.signer.kms.serviceAccountName)',
  message:
    "signer.kms must name a secretRef or a serviceAccountName: the operator's own identity serves ClusterSigningPolicies only",
  holds: (self) => {
    const service = field(field(self, 'signer'), 'kms');
    return service === undefined || has(service, 'secretRef') || has(service, 'serviceAccountName');
  },
};

const ownAddress: CelRule = {
  rule:
    "!has(self.signer.kms) || !(self.signer.kms.uri.startsWith('hashivault://') || self.signer.kms.uri.startsWith('openbao://')) || " +
    '(has(self.signer.kms.vault) && has(self.signer.kms.vault.address))',
  message: "signer.kms.vault.address must be set: the operator's own server serves ClusterSigningPolicies only",
  holds: (self) => {
    const service = field(field(self, 'signer'), 'kms');
    const uri = field(service, 'uri');
    const isVault = typeof uri === 'string' && /^(hashivault|openbao):/.test(uri);
    return !isVault || has(field(service, 'vault'), 'address');
  },
};

/** Rules about the spec of the namespaced policy kind: it acts as somebody of its own namespace. */
export const namespacedSignerRules: readonly CelRule[] = [ownIdentity, ownAddress];

/** `spec.signer` of both policy kinds. */
export const policySigner = Type.Object(
  {
    type: Type.Enum(['Key', 'KMS', 'Keyless'], {
      description: 'Which kind of signer; the member of that name configures it.',
    }),
    key: Type.Optional(key),
    kms: Type.Optional(kms),
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
