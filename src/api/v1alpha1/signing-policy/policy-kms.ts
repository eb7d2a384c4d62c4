// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { matchesRule } from '../fields/cel-rule.ts';
import { field, has } from '../../../json/fields.ts';
import { googleFederation } from '../fields/google-federation.ts';
import { httpURL } from '../fields/http-url.ts';
import { objectName } from '../fields/object-name.ts';
import { retiredKeys } from './key-validity.ts';
import { configMapKeyRef, secretRef } from '../fields/secret-ref.ts';

const where = "in the policy's own namespace (cluster kinds: in the operator's)";

const kmsURI = /^(awskms|gcpkms|azurekms|hashivault|openbao):\/\/\S+$/;

const oneIdentity: CelRule = {
  rule: '!(has(self.secretRef) && has(self.serviceAccountName))',
  message: 'secretRef and serviceAccountName are two ways to authenticate: set one of them',
  holds: (self) => !(has(self, 'secretRef') && has(self, 'serviceAccountName')),
};

/** Restrict a member of `kms` to some schemes of its URI. */
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

/** `spec.signer.kms` of both policy kinds. */
export const policyKms = Type.Object(
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
    retired: Type.Optional(retiredKeys),
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
          ...googleFederation,
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

/** Rules for the spec of the namespaced kind, which acts only with identities of its own namespace. */
export const namespacedSignerRules: readonly CelRule[] = [ownIdentity, ownAddress];
