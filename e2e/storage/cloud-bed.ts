// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { effectiveStorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/defaults.ts';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import type { ArtifactCertificate, SignedArtifact } from '../../src/evidence/artifact.ts';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { BackendDefinition } from '../../src/storage/backend-definition.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

export interface DriverSetting {
  readonly kind?: BackendDefinition['kind'];
  /** `host:port` pairs that the egress lets through. */
  readonly allow?: readonly string[];
  readonly putTimeoutMs?: number;
}

/** A control plane, a team's namespace and a signer: what the tests of stores outside the cluster share. */
export class CloudBed {
  readonly bed: StorageBed;
  readonly namespace: string;
  readonly signer: KeySigner;

  private constructor(bed: StorageBed, namespace: string, signer: KeySigner) {
    this.bed = bed;
    this.namespace = namespace;
    this.signer = signer;
  }

  static async start(label: string): Promise<CloudBed> {
    const bed = await StorageBed.start(label);
    return new CloudBed(bed, await bed.namespace(), await newSigner());
  }

  stop(): Promise<void> {
    return this.bed.stop();
  }

  async secret(name: string, entries: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { name, namespace: this.namespace };
    await this.bed.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: entries });
  }

  driver(
    spec: StorageBackendSpec,
    { kind = 'StorageBackend', allow = [], putTimeoutMs }: DriverSetting = {},
  ): StorageDriver {
    const { namespace } = this;
    const backend = { kind, name: 'evidence', namespace, spec: effectiveStorageBackendSpec(spec) };
    const context = this.bed.context(allow);
    return storageDriver(backend, putTimeoutMs === undefined ? context : { ...context, putTimeoutMs });
  }

  /** A new run, with an attestation and an image signature of a new image. */
  async fixture(more: Partial<RunTarget> = {}): Promise<Evidence> {
    const run = runTarget(this.namespace, more);
    const sha256 = randomUUID().replaceAll('-', '').repeat(2);
    const name = 'reg.example/team/app';
    const attestation = await signedStatement(this.signer, [{ name, digest: { sha256 } }]);
    return { run, attestation, image: await signedImage(this.signer, name, sha256) };
  }
}

export interface Evidence {
  readonly run: RunTarget;
  readonly attestation: SignedArtifact;
  readonly image: SignedArtifact;
}

export function newSigner(): Promise<KeySigner> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = { 'x509.pem': Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })) };
  return loadKeySigner(data, 'signing-secrets');
}

/** The artifact as a keyless signer would have signed it: with a certificate and the authority above. */
export function keyless(artifact: SignedArtifact): SignedArtifact & { readonly certificate: ArtifactCertificate } {
  const root = issueCertificate({ name: 'root', isAuthority: true });
  const leaf = issueCertificate({ name: 'builder', issuer: root, usage: 'CodeSigning' });
  const certificate = {
    chain: leaf.certificate + root.certificate,
    identity: 'https://kubernetes.io/namespaces/team/serviceaccounts/builder',
    issuer: 'https://kubernetes.default.svc',
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2026-01-01T00:10:00Z',
  };
  return { ...artifact, certificate };
}
