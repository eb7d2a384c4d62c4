// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule, unionRule } from '../cel-rule.ts';
import { secretRef } from '../secret-ref.ts';
import { tls, where } from './tls.ts';

const repositoryName =
  /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$/;

const authentication = Type.Object(
  {
    type: Type.Enum(['RunServiceAccount', 'Secret', 'Anonymous'], {
      description:
        "Whose credentials the registry sees: the pull Secrets listed by the run's ServiceAccount, a Secret named here, or none.",
    }),
    secretRef: Type.Optional(
      secretRef('Secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.', where),
    ),
  },
  {
    description: 'How to authenticate to the registry.',
    'x-kubernetes-validations': [unionRule('type', 'Secret', 'secretRef')],
  },
);

/** `spec.oci` of both backend kinds. */
export const oci = Type.Object(
  {
    encoding: Type.Enum(['CosignTags'], {
      description: "How evidence is laid out: CosignTags writes cosign's .sig and .att tags beside the image.",
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
