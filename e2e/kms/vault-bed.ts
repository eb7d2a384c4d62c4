// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind } from '../../src/api/v1alpha1/kinds.ts';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { Transit } from '../testbed/transit/transit.ts';

type VaultSpec = NonNullable<KmsSpec['vault']>;

export interface VaultSourceOptions {
  readonly vault?: VaultSpec;
  readonly timeoutMs?: number;
  readonly context?: SigningContext;
  readonly kind?: PolicyKind;
  /** Instead of the Secret `vault`. */
  readonly identity?: Pick<KmsSpec, 'serviceAccountName'>;
  readonly scheme?: 'hashivault' | 'openbao';
}

/** OpenBao's transit engine behind a proxy with TLS that can misbehave, and policies' sources that sign there. */
export class VaultBed {
  readonly transit: Transit;
  /** Between the signers and the engine. */
  readonly proxy: FaultProxy;
  readonly objects = new HeldObjects();
  readonly clock = new ManualClock();
  readonly context: SigningContext;
  readonly #supervisor: Supervisor;
  readonly #sources: SigningSource[] = [];

  private constructor(supervisor: Supervisor, transit: Transit, proxy: FaultProxy) {
    this.#supervisor = supervisor;
    this.transit = transit;
    this.proxy = proxy;
    this.context = signingContext(this.objects, { allow: [proxy.host], clock: this.clock });
    this.objects.configMaps.set('team/vault-ca', { 'ca.crt': proxy.ca ?? '' });
  }

  static async start(): Promise<VaultBed> {
    const supervisor = new Supervisor('vault');
    const transit = await Transit.start(supervisor);
    return new VaultBed(supervisor, transit, await FaultProxy.start({ target: transit.url, tls: true }));
  }

  /** A new token for signing with a key, in the Secret of the team's policies. */
  async giveToken(key: string, mount = 'transit'): Promise<string> {
    await this.transit.signingPolicy(`sign-${key}`, key, mount);
    const token = await this.transit.token([`sign-${key}`]);
    this.objects.secrets.set('team/vault', { token: Buffer.from(`${token}\n`) });
    return token;
  }

  /** The source of a policy with this key behind the proxy. */
  source(key: string, options: VaultSourceOptions = {}): SigningSource {
    const {
      vault,
      identity = { secretRef: { name: 'vault' } },
      kind = 'SigningPolicy',
      scheme = 'hashivault',
    } = options;
    const uri = key.includes('://') ? key : `${scheme}://${key}`;
    const kms = { uri, caBundleRef: { name: 'vault-ca' }, vault: { address: this.proxy.url, ...vault }, ...identity };
    const policy = { kind, description: `${kind} team/builds`, homeNamespace: 'team' };
    const limits = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
    const source = kmsSource({ ...policy, signer: { type: 'KMS', kms } }, options.context ?? this.context, limits);
    this.#sources.push(source);
    return source;
  }

  async stop(): Promise<void> {
    for (const source of this.#sources) await source.close();
    await this.context.egress.close();
    await this.proxy.stop();
    await this.#supervisor.stop();
  }
}
