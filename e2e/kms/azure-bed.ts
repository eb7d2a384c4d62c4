// SPDX-License-Identifier: Apache-2.0
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { AzureKeyVault } from '../testbed/azure-key-vault/azure-key-vault.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';

const CLIENT = '0a1b2c3d-aaaa-4bbb-8ccc-ddddeeeeffff';
const CLIENT_SECRET = 'planted~client-secret-1';

export interface AzureSourceOptions {
  readonly timeoutMs?: number;
  readonly context?: SigningContext;
  /** In place of the Secret with the client secret. */
  readonly kms?: Partial<KmsSpec>;
}

/** The double of a vault behind a proxy that can misbehave, its directory, and policies' sources that sign there. */
export class AzureBed {
  readonly vault: AzureKeyVault;
  /** Between the signers and the vault; the directory is asked past it. */
  readonly proxy: FaultProxy;
  readonly objects = new HeldObjects();
  readonly clock = new ManualClock(new Date());
  readonly context: SigningContext;
  /** Secrets that must never be shown. */
  readonly planted = ['planted'];
  readonly #sources: SigningSource[] = [];

  private constructor(vault: AzureKeyVault, proxy: FaultProxy) {
    this.vault = vault;
    this.proxy = proxy;
    const { directory } = vault;
    this.context = signingContext(this.objects, { allow: [proxy.host, directory.server.host], clock: this.clock });
    this.objects.configMaps.set('team/azure-ca', { 'ca.crt': `${proxy.ca ?? ''}${directory.server.ca}` });
    this.giveSecret({ tenantID: directory.tenantID, clientID: CLIENT, clientSecret: CLIENT_SECRET });
    directory.applications.set(CLIENT, { clientSecret: CLIENT_SECRET });
    vault.permitted.add(CLIENT);
  }

  static async start(): Promise<AzureBed> {
    const vault = await AzureKeyVault.start();
    return new AzureBed(vault, await FaultProxy.start({ target: vault.server.url, tls: true }));
  }

  /** Content of the Secret that the team's policies name. */
  giveSecret(entries: Readonly<Record<string, string>>): void {
    const bytes = Object.entries(entries).map(([name, value]) => [name, Buffer.from(`${value}\n`)] as const);
    this.objects.secrets.set('team/azure', Object.fromEntries(bytes));
  }

  /** The source of a team's policy with this key, given whole or as `NAME[/VERSION]`. */
  source(key: string, { timeoutMs, context = this.context, kms }: AzureSourceOptions = {}): SigningSource {
    const uri = key.startsWith('azurekms:') ? key : `azurekms://${this.proxy.host}/${key}`;
    const azure = { authorityHost: this.vault.directory.server.url };
    const who = kms ?? { secretRef: { name: 'azure' } };
    const spec = { uri, caBundleRef: { name: 'azure-ca' }, ...who, azure: { ...azure, ...who.azure } };
    const policy = { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team' } as const;
    const signer = { type: 'KMS', kms: spec } as const;
    const source = kmsSource({ ...policy, signer }, context, timeoutMs === undefined ? {} : { timeoutMs });
    this.#sources.push(source);
    return source;
  }

  async stop(): Promise<void> {
    for (const source of this.#sources) await source.close();
    await this.context.egress.close();
    await this.proxy.stop();
    await this.vault.stop();
  }
}
