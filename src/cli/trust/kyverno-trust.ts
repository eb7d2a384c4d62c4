// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { isEmptySelector } from '../../api/v1alpha1/fields/label-selector.ts';
import { imageScope } from './image-scope.ts';
import { kyvernoGlobs } from './image-globs.ts';
import { kyvernoChecks } from './kyverno-checks.ts';
import type { AdmissionOptions, PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { YAML_OUTPUT } from '../yaml-output.ts';

/** Longer than a registry takes to answer. A policy with a time limit also has a webhook of its own, for its namespaces alone. */
const TIMEOUT_SECONDS = 30;

/** True when a pod is new or gets another image: other changes of a running pod do not need its image verified again. */
const imagesChange = [
  "request.operation == 'CREATE'",
  ...['containers', 'initContainers', 'ephemeralContainers'].map((list) => {
    const images = (pod: string): string => `${pod}.spec.?${list}.orValue([]).map(c, c.image)`;
    return `${images('object')} != ${images('oldObject')}`;
  }),
].join(' || ');

/** Those that a ClusterSigningPolicy without a selector never signs for. */
const systemNamespaces = { name: 'no-system-namespace', expression: "!request.namespace.startsWith('kube-')" };

/**
 * Prints an ImageValidatingPolicy for Kyverno 1.19, or the namespaced kind for a SigningPolicy, that judges only pods of the policy's
 * namespaces with images of its repositories.
 */
export function kyvernoTrust(material: PolicyTrust, options: AdmissionOptions): VerifierConfiguration {
  const { description, name, namespace, allowedRepositories } = material;
  const { images, isEnforced } = options;
  const scope = imageScope({ description, allowedRepositories, images });
  const { attestors, attestations, validations, notices } = kyvernoChecks(material);
  const policy = {
    apiVersion: 'policies.kyverno.io/v1',
    kind: namespace === undefined ? 'ImageValidatingPolicy' : 'NamespacedImageValidatingPolicy',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      annotations: { 'policies.kyverno.io/description': `Images signed by ${description} of Hallmark.` },
    },
    spec: {
      validationActions: isEnforced ? ['Deny'] : ['Audit', 'Warn'],
      failurePolicy: isEnforced ? 'Fail' : 'Ignore',
      webhookConfiguration: { timeoutSeconds: TIMEOUT_SECONDS },
      // A tag may be moved after it was verified. Without enforcement, pods stay as they are.
      validationConfigurations: { mutateDigest: isEnforced, verifyDigest: isEnforced, required: true },
      // Workloads stay as they were applied: only their pods are judged.
      autogen: { podControllers: { controllers: [] } },
      matchConstraints: {
        ...(namespace === undefined ? { namespaceSelector: namespaceSelector(material) } : {}),
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['pods', 'pods/ephemeralcontainers'],
          },
        ],
      },
      matchConditions: [
        { name: 'images-change', expression: imagesChange },
        ...(isForAll(material) ? [systemNamespaces] : []),
      ],
      matchImageReferences: scope.flatMap(kyvernoGlobs).map((glob) => ({ glob })),
      attestors,
      ...(attestations.length === 0 ? {} : { attestations }),
      variables: [
        { name: 'images', expression: 'images.containers + images.initContainers + images.ephemeralContainers' },
      ],
      validations,
    },
  };
  return { text: stringify(policy, YAML_OUTPUT), notices };
}

/** True for a ClusterSigningPolicy that selects no namespaces: it reaches all but those of the cluster itself. */
function isForAll({ namespace, namespaceSelector: selector }: PolicyTrust): boolean {
  return namespace === undefined && isEmptySelector(selector);
}

function namespaceSelector(material: PolicyTrust): object {
  const { namespaceSelector: selector, operatorNamespace } = material;
  if (selector !== undefined && !isForAll(material)) return selector;
  const values = [operatorNamespace, 'kube-system'];
  return { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values }] };
}
