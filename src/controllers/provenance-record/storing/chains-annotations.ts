// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { CHAINS_SIGNED, CHAINS_TRANSPARENCY } from '../../../tekton/chains-names.ts';

/** The annotations that Chains writes once a run is done. A log of version 2 has no address for an entry. */
export function chainsAnnotations(
  artifacts: readonly Pick<EvidenceArtifact, 'logEntries'>[],
): Readonly<Record<string, string>> {
  const entries = artifacts.flatMap(({ logEntries = [] }) => logEntries);
  const last = entries.findLast(({ integratedTime }) => integratedTime !== undefined);
  return {
    [CHAINS_SIGNED]: 'true',
    ...(last === undefined
      ? {}
      : { [CHAINS_TRANSPARENCY]: `${last.url}/api/v1/log/entries?logIndex=${last.logIndex}` }),
  };
}
