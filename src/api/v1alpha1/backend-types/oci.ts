// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule, unionRule } from '../fields/cel-rule.ts';
import { objectName } from '../fields/object-name.ts';
import { exchangeRule } from './cloud-authentication.ts';
import { secretRef } from '../fields/secret-ref.ts';
import { tls, where } from './tls.ts';

const repositoryName =
  /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$/;

const exchange = {
  roleARN: text('ECR: role that the ServiceAccount assumes by web identity.', 2048),
  workloadIdentityProvider: text(
    'Container and Artifact Registry: provider that trusts the cluster, projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME.',
    1024,
  ),
  serviceAccountEmail: text('Container and Artifact Registry: Google service account to impersonate.', 320),
  tenantID: text('Azure: directory of the application that trusts the cluster.', 64),
  clientID: text('Azure: that application.', 64),
};

const authentication = Type.Object(
  {
    type: Type.Enum(['RunServiceAccount', 'Secret', 'ServiceAccount', 'WorkloadIdentity', 'Anonymous'], {
      description:
        "Whose credentials the registry sees: the pull Secrets listed by the run's ServiceAccount, a Secret named here, or none; at registries that AWS, Google or Azure run also those that the cloud gives for a ServiceAccount's token, or for the operator's own workload identity (cluster kinds only).",
    }),
    secretRef: Type.Optional(
      secretRef('Secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.', where),
    ),
    serviceAccountName: Type.Optional(
      objectName(`ServiceAccount, ${where}, whose token is exchanged for credentials of the cloud.`),
    ),
    ...exchange,
  },
  {
    description: 'How to authenticate to the registry.',
    'x-kubernetes-validations': [
      unionRule('type', 'Secret', 'secretRef'),
      unionRule('type', 'ServiceAccount', 'serviceAccountName'),
      ...Object.keys(exchange).map(exchangeRule),
    ],
  },
);

function text(description: string, maxLength: number) {
  return Type.Optional(Type.String({ description, minLength: 1, maxLength }));
}

/** `spec.oci` of both backend kinds. */
export const oci = Type.Object(
  {
    encoding: Type.Enum(['SigstoreBundle', 'CosignTags'], {
      description:
        "Layout of the evidence: SigstoreBundle writes Sigstore bundles that refer to the image (OCI 1.1, with the tag fallback); CosignTags writes cosign's .sig and .att tags in the same repository.",
    }),
    repository: Type.Optional(
      Type.String({
        description: "Repository (registry/path) that holds the evidence, instead of each image's own.",
        minLength: 1,
        maxLength: 512,
        'x-kubernetes-validations': [
          matchesRule(repositoryName, 'must be a repository with its registry, without scheme, tag or digest'),
        ],
      }),
    ),
    authentication: Type.Optional(authentication),
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type OCI.' },
);
