// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleToJSON } from '@sigstore/bundle';
import { verify, type VerifyOptions } from 'sigstore';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { sigstoreBundle } from '../../src/evidence/sigstore-bundle.ts';
import { TufMirror } from '../../src/trust/tuf-mirror.fixture.ts';
import type { Expectations } from '../../src/verify/expectations.ts';
import type { Supervisor } from '../testbed/index.ts';

/** The signers and witnesses that are accepted. */
export type SigstoreTrust = Partial<Pick<Expectations, 'keys' | 'identities' | 'logs'>>;

/** The `sigstore` package judges bundles, with a trusted root from a TUF mirror. It requires at least one timestamp or log entry. */
export class SigstoreJudge {
  readonly #mirror: TufMirror;
  readonly #tuf: Pick<VerifyOptions, 'tufMirrorURL' | 'tufRootPath' | 'tufCachePath'>;

  private constructor(mirror: TufMirror, directory: string) {
    const tufRootPath = join(directory, 'root.json');
    writeFileSync(tufRootPath, mirror.rotate());
    this.#mirror = mirror;
    this.#tuf = { tufMirrorURL: mirror.url, tufRootPath, tufCachePath: directory };
  }

  static async start(supervisor: Supervisor, trustedRoot: string): Promise<SigstoreJudge> {
    const mirror = await TufMirror.start();
    const judge = new SigstoreJudge(mirror, supervisor.dataDirectory('sigstore-judge'));
    mirror.publish(trustedRoot);
    return judge;
  }

  stop(): Promise<void> {
    return this.#mirror.down();
  }

  /** Rejects unless the artifact's bundle verifies. */
  async verify(artifact: SignedArtifact, { keys = [], identities = [], logs = 0 }: SigstoreTrust): Promise<void> {
    const [key] = keys;
    const [certificate] = identities;
    const options: VerifyOptions = {
      ...this.#tuf,
      tlogThreshold: logs,
      ctLogThreshold: 0,
      ...(key === undefined ? {} : { keySelector: () => key.publicKey }),
      ...(certificate === undefined
        ? {}
        : {
            certificateIssuer: certificate.issuer,
            // The package takes it for a pattern that may match anywhere.
            certificateIdentityURI: `^${certificate.identity.replaceAll(/[^\w/:]/g, String.raw`\$&`)}$`,
          }),
    };
    const bundle = bundleToJSON(sigstoreBundle(artifact));
    if (artifact.form === 'SimpleSigning') await verify(bundle, artifact.payload, options);
    else await verify(bundle, options);
  }
}
