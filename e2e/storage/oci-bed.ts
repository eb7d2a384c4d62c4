// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import type { EffectiveAuthentication, EffectiveOCI } from '../../src/api/v1alpha1/storage-backend/defaults.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { ContractSubject } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { Credentials } from '../testbed/registry/credentials.ts';
import type { Registry } from '../testbed/registry/registry.ts';
import { breakAt } from './interrupted.ts';
import { runTarget, signedImage, signedImageStatement, signedStatement } from './signed-evidence.ts';
import type { StorageBed } from './storage-bed.ts';

export type Encoding = EffectiveOCI['encoding'];

export interface OciSetting {
  readonly encoding: Encoding;
  readonly authentication?: EffectiveAuthentication;
  readonly repository?: string;
  readonly tls?: EffectiveOCI['tls'];
  /** Every port of this machine by default. */
  readonly allow?: readonly string[];
  /** The system's by default. */
  readonly clock?: Clock;
}

/** A key signer of P-256. */
export function newSigner(): Promise<KeySigner> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  return loadKeySigner({ 'x509.pem': Buffer.from(pem) }, 'signing-secrets');
}

/** The driver of an OCI backend of this namespace. */
export function ociDriver(bed: StorageBed, namespace: string, setting: OciSetting): StorageDriver {
  const { authentication = { type: 'RunServiceAccount' }, tls = { insecure: false }, allow, clock, ...named } = setting;
  const oci: EffectiveOCI = { ...named, authentication, tls };
  const artifacts = ['Attestation', 'ImageSignature'] as const;
  const spec = { type: 'OCI', selector: {}, keys: 'Reference', acceptFrom: [], artifacts, oci } as const;
  const backend = { kind: 'StorageBackend', name: 'registry', namespace, spec } as const;
  const context = bed.context(allow ?? ['127.0.0.0/8']);
  return storageDriver(backend, clock === undefined ? context : { ...context, clock });
}

/** A dockerconfigjson Secret, and a ServiceAccount that lists it, both of this name. */
export async function pushAccount(
  bed: StorageBed,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  hosts: readonly string[],
  account: Credentials,
): Promise<void> {
  const entry = { username: account.username, password: account.password };
  const auths = Object.fromEntries(hosts.map((host) => [host, entry]));
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
  const metadata = { name, namespace };
  await bed.apply(
    { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata, data },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, secrets: [{ name }, { name: 'missing' }] },
  );
}

export interface OciSubject {
  readonly bed: StorageBed;
  readonly namespace: string;
  readonly registry: Registry;
  readonly signer: KeySigner;
  readonly account: string;
  readonly encoding: Encoding;
}

/** Reads how many copies of an artifact the registry holds, and the text of the manifest that lists it. */
export type Holdings = (sha256: string, artifact: SignedArtifact) => Promise<{ copies: number; text: string }>;

/** The drivers' contract for a registry, which the drivers reach through a proxy that can break. */
export async function ociSubject(
  { bed, namespace, registry, signer, account, encoding }: OciSubject,
  holdings: Holdings,
): Promise<ContractSubject & { stop(): Promise<void> }> {
  const proxy = await FaultProxy.start({ target: `http://${registry.host}` });
  const hosts = [proxy.host, registry.host];
  await pushAccount(bed, { namespace, name: account }, hosts, registry.credentials ?? { username: 'u', password: 'p' });
  const driver = (): StorageDriver => ociDriver(bed, namespace, { encoding });
  const sha256Of = ({ subjects }: SignedArtifact): string => subjects[0]?.digest['sha256'] ?? '';
  return {
    driver,
    encoding: encoding === 'SigstoreBundle' ? 'SigstoreBundle' : 'SignatureText',
    keepsWitnesses: encoding === 'CosignTags',
    concurrentWriters: 'Both',
    probe: { seesServer: false },
    whileUnreachable: async (work) => {
      proxy.fail({ type: 'Reset' });
      await work().finally(() => {
        proxy.heal();
      });
    },
    fixture: async () => {
      const { digest } = await registry.pushImage('team/app');
      const sha256 = digest.slice('sha256:'.length);
      const name = `${proxy.host}/team/app`;
      const run = runTarget(namespace, { serviceAccountName: account, completionTime: '2026-01-02T03:04:05Z' });
      const attestation = await signedStatement(signer, [{ name, digest: { sha256 } }]);
      const sign = encoding === 'SigstoreBundle' ? signedImageStatement : signedImage;
      return { run, attestation, image: await sign(signer, name, sha256) };
    },
    contents: async (_run, artifact) => (await holdings(sha256Of(artifact), artifact)).text,
    copies: async (_run, artifact) => (await holdings(sha256Of(artifact), artifact)).copies,
    interrupted: (request, lost) => {
      const came = breakAt(proxy, request, lost);
      const end = (): Promise<boolean> => {
        proxy.heal();
        return Promise.resolve(came());
      };
      return Promise.resolve({ driver: driver(), end });
    },
    stop: () => proxy.stop(),
  };
}

/** A subject whose server is started in `before`, by when the contract's tests are declared already. */
export function laterSubject(encoding: Encoding, made: () => ContractSubject): ContractSubject {
  return {
    driver: () => made().driver(),
    encoding: encoding === 'SigstoreBundle' ? 'SigstoreBundle' : 'SignatureText',
    keepsWitnesses: encoding === 'CosignTags',
    concurrentWriters: 'Both',
    probe: { seesServer: false },
    whileUnreachable: (work) => made().whileUnreachable(work),
    fixture: () => made().fixture(),
    contents: (...named) => made().contents(...named),
    copies: (...named) => made().copies?.(...named) ?? Promise.reject(new TypeError('no copies')),
    interrupted: (...at) => made().interrupted?.(...at) ?? Promise.reject(new TypeError('no interruption')),
  };
}
