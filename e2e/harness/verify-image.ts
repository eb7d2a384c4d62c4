// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { CommandFailed, type CommandOutput } from '../testbed/processes/run-command.ts';
import type { Testbed } from '../testbed/testbed.ts';

/** A question for cosign about an image in a registry of the testbed. */
export interface Verification {
  /** `verify` reads the image's signature, `verify-attestation` its SLSA provenance. */
  readonly command: 'verify' | 'verify-attestation';
  /** PEM. */
  readonly publicKey: string;
  /** `host/repository@sha256:…`. */
  readonly image: string;
}

/** Runs the real cosign, offline; rejects with CommandFailed when it finds nothing that this key signed. */
export function verifyImage(testbed: Testbed, { command, publicKey, image }: Verification): Promise<CommandOutput> {
  const name = createHash('sha256').update(publicKey).digest('hex').slice(0, 12);
  const key = join(testbed.supervisor.dataDirectory('public-keys'), `${name}.pub`);
  writeFileSync(key, publicKey);
  const registry = testbed.registries.find(({ host }) => image.startsWith(`${host}/`));
  if (registry !== undefined) testbed.cosign.login(registry);
  const type = command === 'verify-attestation' ? ['--type', 'slsaprovenance1'] : [];
  return testbed.cosign.run([command, '--key', key, ...type, '--insecure-ignore-tlog=true', image]);
}

/** Returns true when cosign verifies the image; throws when cosign fails for any other reason than finding nothing. */
export async function isVerified(testbed: Testbed, verification: Verification): Promise<boolean> {
  try {
    await verifyImage(testbed, verification);
    return true;
  } catch (error) {
    if (
      error instanceof CommandFailed &&
      /no matching (signatures|attestations)|no signatures found/.test(error.stderr)
    )
      return false;
    throw error;
  }
}
