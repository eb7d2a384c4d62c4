// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { CreateAliasCommand, CreateKeyCommand, DeleteAliasCommand, KMSClient } from '@aws-sdk/client-kms';
import type { KeySpec, KeyUsageType } from '@aws-sdk/client-kms';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';

/** Timeout of a call in tests that wait for it. */
export const QUICK_MS = 3000;

/** moto's AWS KMS behind a proxy with TLS that can misbehave, and policies' sources that sign there. */
export class AwsBed {
  readonly moto: Moto;
  /** Between the signers and moto. */
  readonly proxy: FaultProxy;
  readonly objects = new HeldObjects();
  readonly clock = new ManualClock();
  readonly context: SigningContext;
  readonly #supervisor: Supervisor;
  readonly #admin: KMSClient;
  readonly #sources: SigningSource[] = [];

  private constructor(supervisor: Supervisor, moto: Moto, proxy: FaultProxy) {
    this.#supervisor = supervisor;
    this.moto = moto;
    this.proxy = proxy;
    this.context = signingContext(this.objects, { allow: [proxy.host], clock: this.clock });
    this.#admin = new KMSClient({ endpoint: moto.url, region: moto.region, credentials: moto.credentials });
    this.objects.configMaps.set('team/aws-ca', { 'ca.crt': proxy.ca ?? '' });
    this.giveCredentials('AKIAPLANTED000000001', 'planted-secret-access-key-1');
  }

  static async start(): Promise<AwsBed> {
    const supervisor = new Supervisor('aws');
    const moto = await Moto.start(supervisor);
    return new AwsBed(supervisor, moto, await FaultProxy.start({ target: moto.url, tls: true }));
  }

  /** Content of the Secret that the team's policies name. */
  giveCredentials(id: string, secret: string): void {
    const entries = { aws_access_key_id: Buffer.from(`${id}\n`), aws_secret_access_key: Buffer.from(`${secret}\n`) };
    this.objects.secrets.set('team/aws', entries);
  }

  /** A new key behind a new alias: `alias/…`. */
  async key(
    spec: KeySpec = 'ECC_NIST_P256',
    usage: KeyUsageType = 'SIGN_VERIFY',
    alias = `alias/${randomUUID()}`,
  ): Promise<string> {
    const TargetKeyId = await this.#newKey(spec, usage);
    await this.#admin.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId }));
    return alias;
  }

  /** Lets an alias lead to another, new key. */
  async replaceKey(alias: string): Promise<void> {
    await this.#admin.send(new DeleteAliasCommand({ AliasName: alias }));
    const TargetKeyId = await this.#newKey('ECC_NIST_P256', 'SIGN_VERIFY');
    await this.#admin.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId }));
  }

  /** The source of a team's policy with this key behind the proxy. */
  source(key: string, options: { readonly timeoutMs?: number; readonly context?: SigningContext } = {}): SigningSource {
    const uri = key.startsWith('awskms:') ? key : `awskms://${this.proxy.host}/${key}`;
    const aws = { region: this.moto.region };
    const kms = { uri, secretRef: { name: 'aws' }, caBundleRef: { name: 'aws-ca' }, aws };
    const policy = { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team' } as const;
    const { context = this.context, ...rest } = options;
    const source = kmsSource({ ...policy, signer: { type: 'KMS', kms } }, context, rest);
    this.#sources.push(source);
    return source;
  }

  async stop(): Promise<void> {
    for (const source of this.#sources) await source.close();
    this.#admin.destroy();
    await this.context.egress.close();
    await this.proxy.stop();
    await this.#supervisor.stop();
  }

  async #newKey(KeySpec: KeySpec, KeyUsage: KeyUsageType): Promise<string> {
    const { KeyMetadata } = await this.#admin.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
    return KeyMetadata?.KeyId ?? '';
  }
}
