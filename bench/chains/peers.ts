// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../src/api/v1alpha1/kinds.ts';
import { IMAGE_ENVIRONMENT, IMAGE_FLAGS } from '../../e2e/harness/image-settings.ts';
import type { Installation } from '../../e2e/harness/installation.ts';
import { OperatorProcess } from '../../e2e/harness/operator-process.ts';
import { Chains } from '../../e2e/testbed/chains/chains.ts';
import { metricSums } from '../metric-sums.ts';

export type Storage = 'Tekton' | 'OCI tags' | 'bundles';
export type PeerName = 'Chains' | 'Hallmark';

/** A signer under measurement, from its start to its end. */
export interface Peer {
  readonly pid: number;
  /** The number of runs signed, stored and marked so, by its own metrics. */
  signedCount(): Promise<number>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  readonly installation: Installation;
  readonly storage: Storage;
  readonly shape: RunKind;
  readonly privateKey: string;
  /** The bundled operator. */
  readonly program: string;
}

/** Starts each signer; resolves once it works. */
export const startPeer: Readonly<Record<PeerName, (options: PeerOptions) => Promise<Peer>>> = {
  Chains: async ({ installation, storage, shape, privateKey }) => {
    const { plane, supervisor } = installation.testbed;
    const chains = await Chains.start(plane, supervisor, { config: chainsConfig(storage, shape), privateKey });
    return {
      pid: chains.pid,
      signedCount: () => chains.signedCount(shape),
      stop: () => chains.stop(),
    };
  },
  Hallmark: async ({ installation, program }) => {
    const operator = await OperatorProcess.start(installation, {
      configuration: { leaderElection: { enabled: false } },
      nodeArgs: IMAGE_FLAGS,
      env: IMAGE_ENVIRONMENT,
      program,
    });
    return {
      pid: operator.pid,
      signedCount: async () => metricSums(await operator.metrics(), 'hallmark_records', 'reason').get('Stored') ?? 0,
      stop: async () => {
        await operator.stop();
      },
    };
  },
};

/** Version 0.22.0 has no bundles, so it stores tags where Hallmark stores bundles. Images and runs have separate stores. */
function chainsConfig(storage: Storage, shape: RunKind): Readonly<Record<string, string>> {
  const store = storage === 'Tekton' ? 'tekton' : 'oci';
  return {
    'artifacts.taskrun.format': 'slsa/v2alpha4',
    'artifacts.pipelinerun.format': 'slsa/v2alpha4',
    'artifacts.taskrun.storage': shape === 'TaskRun' ? store : '',
    'artifacts.pipelinerun.storage': shape === 'PipelineRun' ? store : '',
    'artifacts.oci.storage': store,
    'storage.oci.repository.insecure': 'true',
  };
}
