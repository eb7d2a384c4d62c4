// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { KeySigner } from '../../src/signing/key/key-signer.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { commandProgram } from '../harness/command-program.ts';
import { runTarget, signedImage, signedStatement } from '../storage/signed-evidence.ts';
import { StorageBed } from '../storage/storage-bed.ts';
import { CommandFailed, runCommand } from '../testbed/processes/run-command.ts';
import { Registry } from '../testbed/registry/registry.ts';

const never = new AbortController().signal;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** An image with its signature and provenance in a registry. */
export interface SignedImage {
  readonly reference: string;
  readonly digest: string;
  readonly name: string;
  readonly artifacts: readonly SignedArtifact[];
}

/** A cluster with Hallmark's kinds, a registry, a team's policy as the operator would have published it, and the command as users run it. */
export class VerifyBed {
  readonly storage: StorageBed;
  readonly registry: Registry;
  readonly namespace: string;
  readonly signer = newSigner();

  private constructor(storage: StorageBed, registry: Registry, namespace: string) {
    this.storage = storage;
    this.registry = registry;
    this.namespace = namespace;
  }

  static async start(): Promise<VerifyBed> {
    const storage = await StorageBed.start('verify', ['hallmark-kinds']);
    const registry = await Registry.start(storage.supervisor, { referrers: true });
    const bed = new VerifyBed(storage, registry, await storage.namespace());
    await storage.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { name: 'registry', namespace: bed.namespace },
      spec: { type: 'OCI', oci: { encoding: 'CosignTags' } },
    });
    await bed.policy('release', bed.signer);
    return bed;
  }

  stop(): Promise<void> {
    return this.storage.stop();
  }

  /** A SigningPolicy whose status publishes this signer's key. */
  async policy(name: string, signer: KeySigner): Promise<void> {
    const { keyID, publicKey } = signer;
    const { namespace } = this;
    const signing = { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } };
    await this.storage.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { name, namespace },
      spec: { signer: signing },
    });
    const status = { keyID, publicKey, verificationKeys: [{ keyID, publicKey, state: 'Active' }] };
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
    await this.storage.plane.kubectl(['patch', 'signingpolicy', name, '-n', namespace, ...patch]);
  }

  /** Pushes an image and stores a signature and a provenance statement of it in cosign's tags. */
  async image(signer = this.signer): Promise<SignedImage> {
    const { digest, reference } = await this.registry.pushImage('team/app');
    const name = `${this.registry.host}/team/app`;
    const sha256 = digest.slice('sha256:'.length);
    const artifacts = [
      await signedStatement(signer, [{ name, digest: { sha256 } }]),
      await signedImage(signer, name, sha256),
    ];
    await this.store(...artifacts);
    return { reference, digest, name, artifacts };
  }

  async store(...artifacts: readonly SignedArtifact[]): Promise<void> {
    const authentication = { type: 'Anonymous' } as const;
    const oci = { encoding: 'CosignTags', authentication, tls: { insecure: false } } as const;
    const common = {
      selector: {},
      keys: 'Reference',
      acceptFrom: [],
      artifacts: ['Attestation', 'ImageSignature'],
    } as const;
    const definition = {
      kind: 'StorageBackend',
      name: 'r',
      namespace: 'n',
      spec: { type: 'OCI', ...common, oci },
    } as const;
    const driver = storageDriver(definition, this.storage.context([this.registry.host]));
    for (const artifact of artifacts) await driver.put(artifact, runTarget(this.namespace), never);
    await driver.close?.();
  }

  /** `hallmark …`, in a process of its own. */
  hallmark(...args: readonly string[]): Promise<Ended> {
    const env = { ...this.storage.supervisor.environment(), KUBECONFIG: this.storage.plane.kubeconfigPath };
    return ended(runCommand(process.execPath, [commandProgram, ...args], { env }));
  }
}

export function newSigner(): KeySigner {
  return new KeySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sha256');
}

/** The output and exit code of a command, whether it succeeded or not. */
export async function ended(output: ReturnType<typeof runCommand>): Promise<Ended> {
  try {
    const { stdout, stderr } = await output;
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { code: error.exitCode ?? -1, out: error.stdout, err: error.stderr };
  }
}
