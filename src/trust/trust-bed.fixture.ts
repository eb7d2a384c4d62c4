// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectReader } from '../credentials/object-reader.ts';
import { EgressClient } from '../net/egress-client.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { TrustedRoots } from './trusted-roots.ts';
import { CredentialError } from '../credentials/credential-error.ts';

/** Trusted roots with the test's own ConfigMaps, clock and cache folder. */
export class TrustBed {
  readonly clock = new ManualClock(new Date());
  readonly configMaps: Record<string, Readonly<Record<string, string>>> = {};
  readonly directory = mkdtempSync(join(tmpdir(), 'hallmark-trust-'));
  readonly #doors: EgressClient[] = [];
  reads = 0;

  /** Simulates a restart of the process: memory is lost, and the cache folder stays. */
  roots(...allow: readonly string[]): TrustedRoots {
    const egress = new EgressClient({ allow });
    this.#doors.push(egress);
    const tokens = { token: () => Promise.reject(new CredentialError('Forbidden', 'not here')) };
    const access = { objects: this.#objects(), tokens, egress, clock: this.clock };
    return new TrustedRoots(access, { cacheDirectory: this.directory });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#doors.map((egress) => egress.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  #objects(): ObjectReader {
    return {
      getSecret: () => Promise.resolve(undefined),
      getTypedSecret: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
      getConfigMap: (namespace, name) => {
        this.reads += 1;
        return Promise.resolve(this.configMaps[`${namespace}/${name}`]);
      },
    };
  }
}

/** Makes a trusted root with one log, which its URL identifies. */
export function trustedRootJson(baseUrl: string): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rawBytes = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const key = { rawBytes, keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start: '2020-01-01T00:00:00Z' } };
  const log = { baseUrl, hashAlgorithm: 'SHA2_256', publicKey: key, logId: { keyId: 'AAAA' } };
  return JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', tlogs: [log] });
}
