// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, objectField } from '../../src/json/fields.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { Cosign, type Supervisor } from '../testbed/index.ts';

const types = { InTotoStatement: 'slsaprovenance1', SigstoreStatement: 'https://sigstore.dev/cosign/sign/v1' } as const;

/** The real cosign, judging bundles in files by a trusted root. */
export class CosignBlobs {
  readonly #cosign: Cosign;
  readonly #directory: string;
  readonly #root: string;

  private constructor(cosign: Cosign, directory: string, root: string) {
    this.#cosign = cosign;
    this.#directory = directory;
    this.#root = root;
  }

  static async start(supervisor: Supervisor, trustedRoot: string): Promise<CosignBlobs> {
    const directory = supervisor.dataDirectory('cosign-blobs');
    const root = join(directory, 'trusted_root.json');
    writeFileSync(root, trustedRoot);
    return new CosignBlobs(await Cosign.prepare(supervisor), directory, root);
  }

  /**
   * Rejects unless cosign takes the artifact's bundle.
   * @param trust arguments that say whom to believe; its public key by default
   */
  async verify(artifact: SignedArtifact, trust: readonly string[] = this.keyOf(artifact)): Promise<void> {
    const bundle = this.#file(sigstoreBundleText(artifact));
    const common = ['--bundle', bundle, '--trusted-root', this.#root, ...trust];
    if (artifact.form === 'SimpleSigning') {
      await this.#cosign.run(['verify-blob', ...common, this.#file(artifact.payload)]);
      return;
    }
    // The subject is no file here.
    const attestation = ['--check-claims=false', '--type', types[artifact.form]];
    await this.#cosign.run(['verify-blob-attestation', ...attestation, ...common, bundle]);
  }

  /** Asserts that cosign accepts the artifact by its key. */
  keyOf({ publicKey }: SignedArtifact): readonly string[] {
    return ['--key', this.#file(publicKey)];
  }

  #file(content: string | Buffer): string {
    const path = join(this.#directory, randomUUID());
    writeFileSync(path, content);
    return path;
  }
}

/** The log entries that an attacker could forge for an artifact, given another artifact that is logged. */
export function tampered(
  artifact: SignedArtifact,
  other: SignedArtifact,
): readonly (readonly [string, SignedArtifact])[] {
  const [entry] = artifact.logEntries ?? [];
  if (entry === undefined) throw new TypeError('the artifact is not logged');
  const message = parsed(entry.entry);
  const proof = objectField(message, 'inclusionProof');
  const checkpoint = objectField(proof, 'checkpoint');
  const envelope = String(checkpoint['envelope']);
  const changes: readonly (readonly [string, object])[] = [
    ['the checkpoint has another root', { checkpoint: { envelope: envelope.replace(/\n\d+\n.{4}/, '\n9999\nAAAA') } }],
    ['the checkpoint has another signature', { checkpoint: { envelope: envelope.replace(/.{8}\n$/, 'AAAAAAAA\n') } }],
    ['the proof is for another place', { logIndex: String(Number(proof['logIndex']) + 1), hashes: ['AAAA'] }],
  ];
  return [
    [
      'the entry of something else',
      { ...artifact, ...(other.logEntries === undefined ? {} : { logEntries: other.logEntries }) },
    ],
    ['no entry', { ...artifact, logEntries: [] }],
    ...changes.map(([what, change]): [string, SignedArtifact] => {
      // A promise would be proof of the entry by itself.
      const changed = JSON.stringify({
        ...message,
        inclusionPromise: undefined,
        inclusionProof: { ...proof, ...change },
      });
      return [what, { ...artifact, logEntries: [{ ...entry, entry: changed }] }];
    }),
  ];
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  const message: unknown = JSON.parse(text);
  if (!isObject(message)) throw new TypeError('the entry is no object');
  return message;
}
