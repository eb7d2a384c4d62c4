// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { ContractSubjectName } from '../../src/signing/contract-artifacts.fixture.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { at } from '../chart/helm.ts';
import { ApiObjects } from '../harness/api-objects.ts';
import { Cluster } from '../harness/cluster.ts';
import { commandProgram } from '../harness/command-program.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { StorageBed } from '../storage/storage-bed.ts';
import { runTarget } from '../storage/signed-evidence.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { ended } from '../verify/verify-bed.ts';
import type { Ended } from '../verify/verify-bed.ts';
import { imageFormat, imageSignature, provenance, tampered } from './evidence.ts';
import type { Encoding } from './evidence.ts';

const never = new AbortController().signal;

/** A team, and how its policy signs. */
export interface PublishedTeam {
  readonly namespace: string;
  readonly signer: RunSigner;
  readonly encoding: Encoding;
  /** Further members of the policy's spec. */
  readonly spec?: object;
}

/** An image in the registry. */
export interface PushedSubject {
  /** By digest. */
  readonly reference: string;
  readonly subject: ContractSubjectName;
}

/** The verdict about an object, as kubectl shows it. */
type Judged = Pick<Ended, 'code' | 'err'>;

interface PodMetadata {
  readonly namespace: string;
  readonly name?: string;
  readonly generateName?: string;
}

/** A control plane with Hallmark's kinds, a registry, and teams whose policies are published as the operator does it. */
export class EnforceBed {
  readonly storage: StorageBed;
  readonly registry: Registry;
  readonly cluster: Cluster;

  private constructor(storage: StorageBed, registry: Registry) {
    this.storage = storage;
    this.registry = registry;
    this.cluster = new Cluster(storage.plane);
  }

  static async start(label: string): Promise<EnforceBed> {
    const storage = await StorageBed.start(label, ['hallmark-kinds']);
    return new EnforceBed(storage, await Registry.start(storage.supervisor, { referrers: true }));
  }

  stop(): Promise<void> {
    return this.storage.stop();
  }

  /** A namespace in which pods can be created. */
  async namespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    await this.cluster.until(name, 'serviceaccount/default', { condition: 'is there', isMet: () => true });
  }

  /** An image in this repository of the registry. */
  async image(repository: string): Promise<PushedSubject> {
    const { digest, reference } = await this.registry.pushImage(repository);
    return {
      reference,
      subject: { name: `${this.registry.host}/${repository}`, sha256: digest.slice('sha256:'.length) },
    };
  }

  /** An image of a team with all its evidence, or with what `differing` has in its place. */
  async signed(
    team: PublishedTeam,
    differing: { readonly signer?: RunSigner; readonly runDetails?: object } = {},
  ): Promise<PushedSubject> {
    const { signer = team.signer, runDetails } = differing;
    const image = await this.image(`${team.namespace}/app`);
    await this.store(
      team.encoding,
      await imageSignature(team.encoding, image.subject, signer),
      await provenance(image.subject, signer, runDetails),
    );
    return image;
  }

  /** Stores the team's evidence of one image with another. @returns the other one */
  async misplaced(team: PublishedTeam): Promise<PushedSubject> {
    const { encoding, signer, namespace } = team;
    const [image, other] = [await this.image(`${namespace}/app`), await this.image(`${namespace}/other`)];
    const evidence = [await imageSignature(encoding, image.subject, signer), await provenance(image.subject, signer)];
    const subjects = [{ name: other.subject.name, digest: { sha256: other.subject.sha256 } }];
    await this.store(encoding, ...evidence.map((artifact) => ({ ...artifact, subjects })));
    return other;
  }

  /** An image whose signature or provenance the team signed for another image, and that was changed to be about this one. */
  async tampered(
    { namespace, encoding, signer }: PublishedTeam,
    part: 'signature' | 'provenance',
  ): Promise<PushedSubject> {
    const [image, other] = [await this.image(`${namespace}/app`), await this.image(`${namespace}/other`)];
    const about = async ({ subject }: PushedSubject): Promise<readonly [SignedArtifact, SignedArtifact]> => [
      await imageSignature(encoding, subject, signer),
      await provenance(subject, signer),
    ];
    const [[signature, stated], [otherSignature, otherStated]] = [await about(image), await about(other)];
    await (part === 'signature'
      ? this.store(encoding, tampered(signature, otherSignature), stated)
      : this.store(encoding, signature, tampered(stated, otherStated)));
    return image;
  }

  /** Stores evidence with the image that it is about. */
  async store(encoding: Encoding, ...artifacts: readonly SignedArtifact[]): Promise<void> {
    const oci = { encoding, authentication: { type: 'Anonymous' }, tls: { insecure: false } } as const;
    const kinds = ['Attestation', 'ImageSignature'] as const;
    const spec = { type: 'OCI', selector: {}, keys: 'Reference', acceptFrom: [], artifacts: kinds, oci } as const;
    const definition = { kind: 'StorageBackend', name: 'r', namespace: 'n', spec } as const;
    const driver = storageDriver(definition, this.storage.context([this.registry.host]));
    for (const artifact of artifacts) await driver.put(artifact, runTarget('n'), never);
    await driver.close?.();
  }

  /** The team's policy as its operator published it, and its backend, in its namespace. */
  async publish({ namespace, signer, encoding, spec }: PublishedTeam): Promise<void> {
    const { certificate } = signer;
    await this.storage.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { name: 'registry', namespace },
      spec: { type: 'OCI', oci: { encoding } },
    });
    await this.storage.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { name: 'builds', namespace },
      spec: {
        signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } },
        subjects: { allowedRepositories: [`${this.registry.host}/${namespace}/*`] },
        imageSignatures: { formats: [imageFormat(encoding)] },
        ...spec,
      },
    });
    if (certificate === undefined) return this.publishKeys(namespace, signer);
    const { identity, issuer } = certificate;
    await this.#publishStatus(namespace, { certificateIdentity: { identity, issuer } });
  }

  /** Publishes keys in the status of the team's policy as it is now, as its operator does. */
  async publishKeys(namespace: string, active: RunSigner, retired: readonly RunSigner[] = []): Promise<void> {
    const { keyID, publicKey } = active;
    const verificationKeys = [active, ...retired].map((signer) => ({
      keyID: signer.keyID,
      publicKey: signer.publicKey,
      state: signer === active ? 'Active' : 'Retired',
    }));
    const policy = await this.cluster.json(['get', 'signingpolicy/builds', '-n', namespace]);
    const observedGeneration = at(policy, 'metadata', 'generation');
    await this.#publishStatus(namespace, { keyID, publicKey, verificationKeys, observedGeneration });
  }

  async #publishStatus(namespace: string, status: object): Promise<void> {
    await new ApiObjects(this.storage.plane).patch(namespace, ['signingpolicy', 'builds', 'status'], { status });
  }

  /** `hallmark trust` for a team's policy, in a process of its own. */
  trust(namespace: string, ...args: readonly string[]): Promise<Ended> {
    const env = { ...this.storage.supervisor.environment(), KUBECONFIG: this.storage.plane.kubeconfigPath };
    return ended(runCommand(process.execPath, [commandProgram, 'trust', 'builds', '-n', namespace, ...args], { env }));
  }

  /** Applies what `hallmark trust` prints. @returns what it says besides */
  async applyTrust(namespace: string, ...args: readonly string[]): Promise<string> {
    const { code, out, err } = await this.trust(namespace, ...args);
    assert.equal(code, 0, err);
    await this.storage.plane.kubectl(['apply', '-f', '-'], { stdin: out });
    return err;
  }

  /** Runs commands of a page as a reader does: hallmark, kubectl and these variables are there. */
  async shell(commands: string, variables: Readonly<Record<string, string>>): Promise<Ended> {
    const { supervisor, plane } = this.storage;
    const bin = supervisor.dataDirectory('bin');
    for (const [name, command] of Object.entries({
      hallmark: `"${process.execPath}" "${commandProgram}"`,
      kubectl: `"${await ensureBinary('kubectl')}"`,
    }))
      writeFileSync(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    const environment = supervisor.environment();
    const PATH = `${bin}:${environment['PATH'] ?? ''}`;
    const env = { ...environment, PATH, KUBECONFIG: plane.kubeconfigPath, ...variables };
    return ended(runCommand('bash', ['-euo', 'pipefail', '-c', commands], { env, timeoutSeconds: 180 }));
  }

  /** Creates a pod of these images. */
  pod(namespace: string, ...images: readonly string[]): Promise<Judged> {
    return this.createPod({ generateName: 'p-', namespace }, { containers: images.map(containerOf) });
  }

  /** The same with a spec of its own. */
  createPod(metadata: PodMetadata, spec: object): Promise<Judged> {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods`;
    return this.#create(path, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  }

  /** Creates a Deployment of one pod of this image. */
  deployment(namespace: string, name: string, image: string): Promise<Judged> {
    const matchLabels = { app: name };
    const template = { metadata: { labels: matchLabels }, spec: { containers: [image].map(containerOf) } };
    const spec = { replicas: 1, selector: { matchLabels }, template };
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    return this.#create(path, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec });
  }

  /** Adds an ephemeral container to a pod. */
  debug(namespace: string, pod: string, image: string): Promise<Ended> {
    return ended(this.storage.plane.kubectl(['debug', pod, '-n', namespace, `--image=${image}`]));
  }

  /** Asks the API server itself: a process of kubectl for each pod would cost more than the judgement. */
  async #create(path: string, object: object): Promise<Judged> {
    const { status, text, warnings } = await this.storage.plane.post(path, object);
    const lines = warnings.map((warning) => `Warning: ${warning}\n`);
    if (status !== 201) lines.push(String(at(JSON.parse(text), 'message')));
    return { code: status === 201 ? 0 : 1, err: lines.join('') };
  }

  /** Expects that a pod of these images is admitted. @returns the warnings */
  async admits(namespace: string, ...images: readonly string[]): Promise<string> {
    const { code, err } = await this.pod(namespace, ...images);
    assert.equal(code, 0, err);
    return err;
  }

  /** Expects that a pod of these images is refused for this reason. */
  async refuses(namespace: string, reason: RegExp, ...images: readonly string[]): Promise<void> {
    const { code, err } = await this.pod(namespace, ...images);
    assert.notEqual(code, 0, `admitted: ${images.join(', ')}`);
    assert.match(err, reason);
  }
}

function containerOf(image: string, index: number): object {
  return { name: `c${index}`, image };
}
