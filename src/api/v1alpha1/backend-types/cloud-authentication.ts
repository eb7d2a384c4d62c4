// SPDX-License-Identifier: Apache-2.0
import Type, { type Static, type TProperties } from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { unionRule } from '../fields/cel-rule.ts';
import { field, has } from '../../../json/fields.ts';
import { googleFederation } from '../fields/google-federation.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { objectName } from '../fields/object-name.ts';
import { secretRef } from '../fields/secret-ref.ts';
import { where } from './tls.ts';

/** Restrict a setting to the exchange of a ServiceAccount token. */
export function exchangeRule(member: string): CelRule {
  return {
    rule: `!has(self.${member}) || self.type == 'ServiceAccount'`,
    message: `${member} belongs to the type ServiceAccount alone`,
    holds: (self) => !has(self, member) || field(self, 'type') === 'ServiceAccount',
  };
}

function cloudAuthentication<Exchange extends TProperties>(
  texts: { readonly description: string; readonly secret: string },
  exchange: Exchange,
  rules: readonly CelRule[],
) {
  return Type.Object(
    {
      type: Type.Enum(['Secret', 'ServiceAccount', 'WorkloadIdentity'], {
        description:
          "Identity for calling the backend: static credentials in a Secret, a ServiceAccount whose token the cloud exchanges, or the operator's own workload identity (cluster kinds only).",
      }),
      secretRef: Type.Optional(secretRef(texts.secret, where)),
      serviceAccountName: Type.Optional(
        objectName(`ServiceAccount, ${where}, whose token is exchanged for credentials of the cloud.`),
      ),
      ...exchange,
    },
    {
      description: texts.description,
      'x-kubernetes-validations': [
        unionRule('type', 'Secret', 'secretRef'),
        unionRule('type', 'ServiceAccount', 'serviceAccountName'),
        ...Object.keys(exchange).map(exchangeRule),
        ...rules,
      ],
    },
  );
}

/** `authentication` of the types that live in AWS or speak its protocol. */
export const awsAuthentication = cloudAuthentication(
  {
    description: 'How to authenticate to AWS, or to what speaks its protocol.',
    secret: 'Secret with aws_access_key_id, aws_secret_access_key and, for temporary ones, aws_session_token.',
  },
  {
    roleARN: Type.Optional(
      Type.String({
        description: 'Role that the ServiceAccount assumes by web identity.',
        minLength: 1,
        maxLength: 2048,
      }),
    ),
    stsEndpoint: Type.Optional(httpURL('STS endpoint, that of the region by default.')),
  },
  [unionRule('type', 'ServiceAccount', 'roleARN')],
);

/** `authentication` of the types that live in Google Cloud. */
export const googleAuthentication = cloudAuthentication(
  {
    description: 'How to authenticate to Google Cloud.',
    secret: 'Secret with credentials.json (a service account key), or with a bearer token as access_token.',
  },
  {
    ...googleFederation,
    stsEndpoint: Type.Optional(httpURL('Token exchange endpoint, https://sts.googleapis.com by default.')),
  },
  [unionRule('type', 'ServiceAccount', 'workloadIdentityProvider')],
);

export type AWSAuthentication = Immutable<Static<typeof awsAuthentication>>;
export type GoogleAuthentication = Immutable<Static<typeof googleAuthentication>>;

/** A rule for the spec of the namespaced kind: only the platform team may let a backend act as the operator. */
export function noWorkloadIdentity(member: string): CelRule {
  return {
    rule: `!has(self.${member}) || !has(self.${member}.authentication) || self.${member}.authentication.type != 'WorkloadIdentity'`,
    message: `${member}.authentication.type WorkloadIdentity is the operator's own and for ClusterStorageBackends only: name a Secret or a ServiceAccount`,
    holds: (self) => field(field(field(self, member), 'authentication'), 'type') !== 'WorkloadIdentity',
  };
}

/** Require tls.insecure for a plain `http` endpoint, which exposes evidence and credentials on the network. */
export function plainEndpointRule(member: string): CelRule {
  return {
    rule: `!has(self.${member}) || !self.${member}.startsWith('http://') || (has(self.tls) && has(self.tls.insecure) && self.tls.insecure)`,
    message: `${member} is plain http: use https, or set tls.insecure`,
    holds: (self) => {
      const endpoint = field(self, member);
      const isPlain = typeof endpoint === 'string' && endpoint.startsWith('http://');
      return !isPlain || field(field(self, 'tls'), 'insecure') === true;
    },
  };
}
