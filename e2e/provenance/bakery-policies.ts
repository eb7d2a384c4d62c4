// SPDX-License-Identifier: Apache-2.0
import { newSigningKey, type SigningKey } from '../harness/signing-key.ts';
import { NAMESPACE } from './bakery-pipeline.ts';

/** A policy with a key and a repository of its own, so that no policy's evidence meets another's. */
export interface BakeryPolicy {
  readonly name: string;
  readonly key: SigningKey;
  readonly spec: object;
  /** The backend that holds the run's evidence. */
  readonly backend: 'OCI' | 'Tekton';
  /** The predicate's name for `cosign verify-attestation --type`. */
  readonly cosignType: 'slsaprovenance02' | 'slsaprovenance1';
}

const LABEL = 'bakery.example.com/story';
const story = (name: string): Readonly<Record<string, string>> => ({ [LABEL]: name });

/** Labels of the runs by what they are to show. */
export const stories = {
  everything: story('everything'),
  unsuccessful: story('unsuccessful'),
  orphan: story('orphan'),
} as const;

const builderID = 'https://bakery.example.com/builder';
const everything = { selector: { matchLabels: stories.everything } };
const pipelineRuns = { runs: { kinds: ['PipelineRun'] } };

/** One policy for each format and what goes beyond them, by name. */
export const bakeryPolicies = {
  'slsa-v1': policy('slsa-v1', 'slsaprovenance02', { ...everything, attestation: { format: 'slsa/v1', builderID } }),
  'in-toto': policy('in-toto', 'slsaprovenance02', {
    ...everything,
    ...pipelineRuns,
    attestation: { format: 'in-toto', builderID, deepInspection: true },
  }),
  v2alpha3: policy('v2alpha3', 'slsaprovenance1', {
    ...everything,
    ...pipelineRuns,
    attestation: { format: 'slsa/v2alpha3', builderID, deepInspection: true },
  }),
  v2alpha4: policy('v2alpha4', 'slsaprovenance1', {
    ...everything,
    attestation: { format: 'slsa/v2alpha4', builderID, deepInspection: true },
  }),
  'whole-tasks': policy('whole-tasks', 'slsaprovenance1', {
    ...everything,
    ...pipelineRuns,
    attestation: { format: 'slsa/v2alpha4', buildType: 'https://tekton.dev/chains/v2/slsa-tekton', builderID },
  }),
  redacted: policy('redacted', 'slsaprovenance1', {
    ...everything,
    ...pipelineRuns,
    attestation: {
      format: 'slsa/v2alpha4',
      buildType: 'https://tekton.dev/chains/v2/slsa-tekton',
      deepInspection: true,
      redactParameters: ['oven-token'],
    },
  }),
  unsuccessful: policy(
    'unsuccessful',
    'slsaprovenance1',
    {
      selector: { matchLabels: stories.unsuccessful },
      runs: { kinds: ['TaskRun', 'PipelineRun'], outcomes: ['Failed', 'Cancelled'] },
    },
    'Tekton',
  ),
  orphan: policy('orphan', 'slsaprovenance1', { selector: { matchLabels: stories.orphan }, ...pipelineRuns }, 'Tekton'),
} as const;

export type BakeryPolicyName = keyof typeof bakeryPolicies;

function policy(
  name: string,
  cosignType: BakeryPolicy['cosignType'],
  spec: object,
  backend: BakeryPolicy['backend'] = 'OCI',
): BakeryPolicy {
  return { name, cosignType, spec, backend, key: newSigningKey() };
}

/** The repository in which a policy keeps its evidence. */
export function evidenceRepository(registry: string, { name }: BakeryPolicy): string {
  return `${registry}/evidence/${name}`;
}

/** The Secret, StorageBackend and SigningPolicy of a policy, in the order in which they are needed. */
export function policyObjects(registry: string, policy: BakeryPolicy): readonly object[] {
  const { name, key, spec, backend } = policy;
  const metadata = { name, namespace: NAMESPACE };
  const oci = {
    encoding: 'CosignTags',
    repository: evidenceRepository(registry, policy),
    authentication: { type: 'Anonymous' },
    tls: { insecure: true },
  };
  const of = { apiVersion: 'hallmark.dev/v1alpha1', metadata };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'x509.pem': key.privateKey } },
    { ...of, kind: 'StorageBackend', spec: backend === 'OCI' ? { type: 'OCI', oci } : { type: 'Tekton' } },
    {
      ...of,
      kind: 'SigningPolicy',
      spec: {
        ...spec,
        signer: { type: 'Key', key: { secretRef: { name } } },
        backendRefs: [{ kind: 'StorageBackend', name }],
      },
    },
  ];
}
