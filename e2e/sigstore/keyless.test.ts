// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { keylessSource } from '../../src/signing/keyless/keyless-source.ts';
import type { SignerDefinition } from '../../src/signing/signer-definition.ts';
import { describeSignerWithCosign } from '../signing/signer-contract.ts';
import { account, never, SigstoreBed, team } from './sigstore-bed.ts';

let bed: SigstoreBed;
const context = () => bed.context();

function definition(): SignerDefinition {
  const keyless = { fulcioURL: bed.stack.fulcio.url, serviceAccountName: account };
  return {
    kind: 'SigningPolicy',
    description: `SigningPolicy ${team}/builds`,
    homeNamespace: team,
    signer: { type: 'Keyless', keyless },
  };
}

const identity = `https://kubernetes.io/namespaces/${team}/serviceaccounts/${account}`;

interface Case {
  readonly name: string;
  readonly witness: (artifact: SignedArtifact) => Promise<SignedArtifact>;
  readonly cosignArguments: readonly string[];
  readonly encodings?: readonly 'SigstoreBundle'[];
}

/** Rekor v1 attests the time; Rekor v2 does not, and needs a timestamp as well. */
const cases: readonly Case[] = [
  {
    name: 'Rekor v1',
    witness: async (artifact) => {
      const logEntries = [await bed.log(1).testify(artifact, bed.trustedRoot, never)];
      return { ...artifact, logEntries };
    },
    cosignArguments: [],
  },
  {
    name: 'Rekor v2 and a timestamp',
    witness: async (artifact) => {
      const timestamps = [await bed.authority().testify(artifact, bed.trustedRoot, never)];
      const stamped = { ...artifact, timestamps };
      const logEntries = [await bed.log(2).testify(stamped, bed.trustedRoot, never)];
      return { ...stamped, logEntries };
    },
    cosignArguments: ['--use-signed-timestamps'],
    // Tags carry the signed promise of Rekor v1 in place of a log entry.
    encodings: ['SigstoreBundle'],
  },
];

describe('keyless', () => {
  before(async () => {
    bed = await SigstoreBed.start({ fulcio: true, rekorV1: true, rekorV2: true, timestampAuthority: true });
  });
  after(() => bed.stop());

  for (const { name, witness, cosignArguments, ...more } of cases) {
    describeSignerWithCosign(`a keyless signer with ${name}`, {
      source: () => Promise.resolve(keylessSource(definition(), context())),
      ...more,
      digest: 'sha256',
      secrets: ['eyJ'],
      certified: {
        witness,
        trustedRoot: () => Promise.resolve(bed.trustedRoot),
        thresholds: { tlogThreshold: 1, timestampThreshold: 1 },
      },
      cosignTrust: (_signer, folder) => {
        const file = join(folder, 'trusted_root.json');
        writeFileSync(file, bed.stack.trustedRoot);
        const issuer = bed.issuer.url;
        return Promise.resolve([
          `--trusted-root=${file}`,
          `--certificate-identity=${identity}`,
          `--certificate-oidc-issuer=${issuer}`,
          '--insecure-ignore-sct',
          ...cosignArguments,
        ]);
      },
    });
  }
});
