// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from './cel-rule.ts';
import { matchesRule, unionRule } from './cel-rule.ts';
import { conditionList } from './condition.ts';
import { field, has } from './field.ts';
import { objectName } from './object-name.ts';
import { secretRef } from './secret-ref.ts';
import { enumSet } from './string-set.ts';

/** Shared by StorageBackend and ClusterStorageBackend: all that does not depend on the scope. */
export const backendConditionTypes = ['Ready', 'Reconciling', 'Stalled'] as const;

/** Rules about a backend's spec as a whole: the member that belongs to its type. */
export const backendSpecRules: readonly CelRule[] = [unionRule('type', 'OCI', 'oci')];

const repositoryName =
  /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$/;

const where = "in the backend's own namespace (cluster kinds: in the operator's)";

const insecureOrCa: CelRule = {
  rule: '!(has(self.insecure) && self.insecure && has(self.caBundleRef))',
  message: 'insecure verifies no certificate, so caBundleRef must not be set beside it',
  holds: (self) => !(field(self, 'insecure') === true && has(self, 'caBundleRef')),
};

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

const tls = Type.Object(
  {
    caBundleRef: Type.Optional(
      Type.Object(
        {
          name: objectName(`Name of the ConfigMap, read ${where}.`),
          key: Type.Optional(
            Type.String({ description: 'Key whose value is the PEM bundle.', minLength: 1, maxLength: 253 }),
          ),
        },
        { description: "ConfigMap with the certificates to trust for the registry instead of the system's." },
      ),
    ),
    insecure: Type.Optional(
      Type.Boolean({ description: 'Allow plain HTTP and certificates that do not verify. For tests.' }),
    ),
  },
  { description: "How the registry's identity is checked.", 'x-kubernetes-validations': [insecureOrCa] },
);

const oci = Type.Object(
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

/** Fields of a backend's spec that do not depend on its scope. */
export const backendSpecFields = {
  type: Type.Enum(['Tekton', 'OCI'], {
    description: 'Where evidence goes: Tekton writes annotations on the run, OCI writes to the registry of the image.',
  }),
  artifacts: Type.Optional(
    enumSet(['Attestation', 'ImageSignature'], { description: 'Kinds of evidence it takes.', minItems: 1 }),
  ),
  oci: Type.Optional(oci),
};

/** Status of both backend kinds. */
export const backendStatus = Type.Object(
  {
    observedGeneration: Type.Optional(
      Type.Integer({
        description: 'metadata.generation that this status was computed from.',
        minimum: 0,
        format: 'int64',
      }),
    ),
    conditions: Type.Optional(conditionList(backendConditionTypes)),
  },
  { description: 'What the operator found. Written by the operator only.' },
);
