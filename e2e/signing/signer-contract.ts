// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TransparencyLogEntry, TrustedRoot } from '@sigstore/protobuf-specs';
import { TUFError } from 'sigstore';
import type { EffectiveOCI } from '../../src/api/v1alpha1/storage-backend/defaults.ts';
import type { ArtifactForm, SignedArtifact } from '../../src/evidence/artifact.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { contractArtifact, type ContractSubjectName } from '../../src/signing/contract-artifacts.fixture.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import { describeSigner, type SignerSubject } from '../../src/signing/signer.contract.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { TestLog } from '../../src/verify/test-log.fixture.ts';
import { SigstoreJudge } from '../sigstore/sigstore-judge.ts';
import { CommandFailed, Cosign, Registry, Supervisor } from '../testbed/index.ts';
import { runTarget } from '../storage/signed-evidence.ts';
import { itVerifiesItself } from './own-verification.ts';
import { HeldObjects, signingContext } from './signing-bed.ts';
import { tamperings, type Tampering } from './tamperings.ts';

/** A signer under test, and the flags that tell cosign whom to trust. */
export interface CosignSubject extends SignerSubject {
  /** Arguments of every `cosign verify…`; `--key` of the public key, and no transparency log, when absent. */
  cosignTrust?(signer: RunSigner, folder: string): Promise<readonly string[]>;
  /** Encodings in which images are verified by cosign; all when absent. */
  readonly encodings?: readonly Encoding[];
}

type Encoding = EffectiveOCI['encoding'];

/** The flags of cosign for each encoding, and the form of image signatures in it. */
const encodings: Readonly<Record<Encoding, { readonly isBundle: boolean; readonly form: ArtifactForm }>> = {
  CosignTags: { isBundle: false, form: 'SimpleSigning' },
  SigstoreBundle: { isBundle: true, form: 'SigstoreStatement' },
};
const ENCODINGS: readonly Encoding[] = ['CosignTags', 'SigstoreBundle'];
const never = new AbortController().signal;

/** The contract of every signer: the real cosign verifies its evidence, in files and in a registry. */
export function describeSignerWithCosign(name: string, subject: CosignSubject): void {
  describeSigner(name, subject);

  describe(`the evidence of ${name}, for Hallmark,`, () => {
    itVerifiesItself(subject);
  });

  describe(`the evidence of ${name}, for cosign,`, () => {
    let bench: CosignBench;
    before(async () => {
      bench = await CosignBench.start(subject);
    });
    after(() => bench.stop());

    it('is a blob attestation', async () => {
      const { file, attestation, signer } = await bench.attestedBlob();
      await bench.verifyBlob(signer, file, attestation);
      for (const tamper of Object.values(tamperings)) {
        await refused(bench.verifyBlob(signer, file, tamper(attestation)));
      }
      await refused(bench.verifyBlob(signer, file, attestation, 'another text'));
    });

    // The package takes SHA-256 for every curve and RSA key.
    if (subject.digest === 'sha256' || subject.digest === null) {
      it('is verified by the sigstore package, and refused once payload or signature are others', async () => {
        const { attestation } = await bench.attestedBlob();
        await bench.judge(attestation);
        for (const [what, tamper] of Object.entries(tamperings)) {
          const verdict = bench.judge(tamper(attestation));
          await assert.rejects(verdict, (error) => !(error instanceof TUFError), what);
        }
      });
    }

    for (const encoding of subject.encodings ?? ENCODINGS) {
      const { form } = encodings[encoding];

      it(`is an attestation and a signature of an image, as ${encoding}`, async () => {
        const image = await bench.image();
        await bench.store(encoding, image, 'InTotoStatement');
        const signer = await bench.store(encoding, image, form);
        const attested = await bench.verifyImage('verify-attestation', encoding, signer, image.reference);
        assert.match(attested.stdout, /"payloadType":\s?"application\/vnd.in-toto\+json"/);
        const verified = await bench.verifyImage('verify', encoding, signer, image.reference);
        assert.ok(verified.stdout.includes(image.sha256), verified.stdout);
      });

      for (const [what, tamper] of Object.entries(tamperings)) {
        it(`is refused as ${encoding} when its ${what} is another`, async () => {
          const image = await bench.image();
          await bench.store(encoding, image, 'InTotoStatement', tamper);
          const signer = await bench.store(encoding, image, form, tamperings.signature);
          await refused(bench.verifyImage('verify-attestation', encoding, signer, image.reference));
          await refused(bench.verifyImage('verify', encoding, signer, image.reference));
        });
      }
    }
  });
}

async function refused(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => error instanceof CommandFailed && error.exitCode !== 0);
}

/** A registry, a cosign and one signer. */
class CosignBench {
  readonly #subject: CosignSubject;
  readonly #supervisor: Supervisor;
  readonly #cosign: Cosign;
  readonly #registry: Registry;
  readonly #egress: EgressClient;
  readonly #folder: string;
  readonly #log = new TestLog();
  #sigstore: SigstoreJudge | undefined;

  private constructor(subject: CosignSubject, supervisor: Supervisor, tools: { cosign: Cosign; registry: Registry }) {
    this.#subject = subject;
    this.#supervisor = supervisor;
    this.#cosign = tools.cosign;
    this.#registry = tools.registry;
    this.#egress = new EgressClient({ allow: [tools.registry.host] });
    this.#folder = supervisor.dataDirectory('evidence');
  }

  static async start(subject: CosignSubject): Promise<CosignBench> {
    const supervisor = new Supervisor('signer-contract');
    const cosign = await Cosign.prepare(supervisor);
    const registry = await Registry.start(supervisor, { referrers: true });
    return new CosignBench(subject, supervisor, { cosign, registry });
  }

  async stop(): Promise<void> {
    await this.#egress.close();
    await this.#sigstore?.stop();
    await this.#supervisor.stop();
  }

  async attestedBlob(): Promise<{ file: string; attestation: SignedArtifact; signer: RunSigner }> {
    const text = randomUUID();
    const file = join(this.#folder, text);
    writeFileSync(file, text);
    const name = { name: 'blob', sha256: createHash('sha256').update(text).digest('hex') };
    return { file, ...(await this.#sign('InTotoStatement', name)) };
  }

  async verifyBlob(signer: RunSigner, file: string, attestation: SignedArtifact, text?: string): Promise<void> {
    const bundle = join(this.#folder, `${randomUUID()}.json`);
    writeFileSync(bundle, sigstoreBundleText(attestation));
    const blob = text === undefined ? file : join(this.#folder, randomUUID());
    if (text !== undefined) writeFileSync(blob, text);
    const trust = await this.#trust(signer);
    await this.#cosign.run([
      'verify-blob-attestation',
      '--bundle',
      bundle,
      '--type',
      'slsaprovenance1',
      ...trust,
      blob,
    ]);
  }

  /** Rejects unless the `sigstore` package verifies the artifact. It requires a proven time, so a test log witnesses a key's signature. */
  async judge(artifact: SignedArtifact): Promise<void> {
    const { certified } = this.#subject;
    const root =
      certified === undefined ? { tlogs: [this.#log.trust] } : TrustedRoot.toJSON(await certified.trustedRoot());
    this.#sigstore ??= await SigstoreJudge.start(this.#supervisor, JSON.stringify(root));
    const { keyID, publicKey, certificate } = artifact;
    if (certificate !== undefined) {
      await this.#sigstore.verify(artifact, { identities: [certificate], logs: 1 });
      return;
    }
    const entry = this.#log.entry({ ...artifact, form: 'Envelope', verifier: publicKey, time: new Date() });
    const logEntries = [{ url: 'u', logIndex: '0', entry: JSON.stringify(TransparencyLogEntry.toJSON(entry)) }];
    await this.#sigstore.verify({ ...artifact, logEntries }, { keys: [{ keyID, publicKey }], logs: 1 });
  }

  async image(): Promise<ContractSubjectName & { readonly reference: string }> {
    const repository = `team/${randomUUID()}`;
    const { digest, reference } = await this.#registry.pushImage(repository);
    return { name: `${this.#registry.host}/${repository}`, sha256: digest.slice('sha256:'.length), reference };
  }

  /** Signs about an image and stores the evidence with it; `tamper` changes what is stored. */
  async store(
    encoding: Encoding,
    image: ContractSubjectName,
    form: ArtifactForm,
    tamper: Tampering = (artifact) => artifact,
  ): Promise<RunSigner> {
    const { attestation, signer } = await this.#sign(form, image);
    const driver = this.#driver(encoding);
    await driver.put(tamper(attestation), runTarget('team'), never);
    await driver.close?.();
    return signer;
  }

  async verifyImage(command: 'verify' | 'verify-attestation', encoding: Encoding, signer: RunSigner, image: string) {
    const type = command === 'verify-attestation' ? ['--type', 'slsaprovenance1'] : [];
    const format = `--new-bundle-format=${String(encodings[encoding].isBundle)}`;
    return this.#cosign.run([command, format, ...type, ...(await this.#trust(signer)), image]);
  }

  async #sign(
    form: ArtifactForm,
    about: ContractSubjectName,
  ): Promise<{ attestation: SignedArtifact; signer: RunSigner }> {
    const source = await this.#subject.source();
    try {
      const signer = await source.signer(never);
      const artifact = await contractArtifact(form, about, signer);
      const { certified } = this.#subject;
      return { attestation: certified === undefined ? artifact : await certified.witness(artifact), signer };
    } finally {
      await source.close();
    }
  }

  async #trust(signer: RunSigner): Promise<readonly string[]> {
    const trust = await this.#subject.cosignTrust?.(signer, this.#folder);
    if (trust !== undefined) return trust;
    const file = join(this.#folder, `${signer.keyID.replaceAll(/\W/g, '')}.pub`);
    writeFileSync(file, signer.publicKey);
    return ['--key', file, '--insecure-ignore-tlog=true'];
  }

  #driver(encoding: Encoding): StorageDriver {
    const oci = { encoding, authentication: { type: 'Anonymous' }, tls: { insecure: false } } as const;
    const settings = {
      selector: {},
      artifacts: ['Attestation', 'ImageSignature'],
      keys: 'Reference',
      acceptFrom: [],
    } as const;
    const spec = { type: 'OCI', ...settings, oci } as const;
    const noRuns = (): Promise<never> => Promise.reject(new Error('no runs here'));
    const annotator = { annotateRun: noRuns, readAnnotations: noRuns };
    const { objects, tokens } = signingContext(new HeldObjects());
    const context = { objects, tokens, annotator, egress: this.#egress, clock: systemClock };
    return storageDriver({ kind: 'StorageBackend', name: 'r', namespace: 'team', spec }, context);
  }
}
