// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { effectiveStorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/defaults.ts';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { DriverContext, StorageDriver } from '../../src/storage/driver.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { newSigner } from '../../e2e/storage/cloud-bed.ts';
import { runTarget, signedStatement } from '../../e2e/storage/signed-evidence.ts';
import { FaultProxy } from '../../e2e/testbed/fault-proxy/fault-proxy.ts';
import { Supervisor } from '../../e2e/testbed/processes/supervisor.ts';
import type { CountedWay, DriverWay, StorageSubject } from './storage-subject.ts';

/** Namespace, bucket, table, topic, project: whatever needs a name. */
export const NAME = 'bench';
const NOTE = 'x'.repeat(8000);

/** A backend, at the server or at a proxy in front of it. */
export type SpecAt = (url: string) => StorageBackendSpec;

/** The parts that subjects share: a signer, a supervisor, and a context that reads the cluster's objects from memory. */
export class SubjectBed {
  readonly supervisor = new Supervisor('bench-storage');
  /** A signed payload of 8 kB. */
  readonly payload: Buffer;
  readonly #signer: KeySigner;
  readonly #egress = new EgressClient({ allow: ['127.0.0.0/8'] });

  private constructor(signer: KeySigner, payload: Buffer) {
    this.#signer = signer;
    this.payload = payload;
  }

  static async start(): Promise<SubjectBed> {
    const signer = await newSigner();
    const subjects = [{ name: 'reg.example/app', digest: { sha256: 'ab'.repeat(32) } }];
    return new SubjectBed(signer, (await signedStatement(signer, subjects, NOTE)).payload);
  }

  async stop(): Promise<void> {
    await this.#egress.close();
    await this.supervisor.stop();
  }

  /** An attestation of 8 kB about an image, by default a new one. */
  attestation(name = 'reg.example/app', sha256 = randomUUID().replaceAll('-', '').repeat(2)): Promise<SignedArtifact> {
    return signedStatement(this.#signer, [{ name, digest: { sha256 } }], NOTE);
  }

  async evidence(): ReturnType<DriverWay['evidence']> {
    return { run: runTarget(NAME), artifact: await this.attestation() };
  }

  /** The driver as in production, with a Secret of these entries. */
  driver(spec: StorageBackendSpec, entries: Readonly<Record<string, string>> = {}): StorageDriver {
    const refuse = (): never => {
      throw new Error('the bench has no cluster');
    };
    const secret = Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, Buffer.from(value)]));
    const context: DriverContext = {
      objects: {
        getSecret: () => Promise.resolve(secret),
        getConfigMap: () => Promise.resolve({}),
        getTypedSecret: () => Promise.resolve({ type: 'Opaque', annotations: {}, data: secret }),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: { token: refuse },
      annotator: { annotateRun: refuse, readAnnotations: refuse },
      egress: this.#egress,
      clock: systemClock,
    };
    const definition = { kind: 'StorageBackend', name: NAME, namespace: NAME } as const;
    return storageDriver({ ...definition, spec: effectiveStorageBackendSpec(spec) }, context);
  }

  /** Both ways to a server that speaks HTTP. `way` makes the driver's for a URL. */
  ways(server: string, way: (url: string) => DriverWay): Pick<StorageSubject, 'direct' | 'counted'> {
    return {
      direct: () => way(server),
      counted: async (): Promise<CountedWay> => {
        const proxy = await FaultProxy.start({ target: server });
        return { ...way(proxy.url), requests: () => proxy.requests.length, stop: () => proxy.stop() };
      },
    };
  }

  /** The same for a backend of which the URL is all that differs. */
  backendWays(
    server: string,
    spec: SpecAt,
    entries?: Readonly<Record<string, string>>,
  ): Pick<StorageSubject, 'direct' | 'counted'> {
    return this.ways(server, (url) => ({
      driver: this.driver(spec(url), entries),
      evidence: () => this.evidence(),
    }));
  }
}

/** Sends a plain write, and reads the answer to its end. @throws Error when the server does not take it */
export async function plainly(url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`a plain write is answered with ${response.status}`);
}
