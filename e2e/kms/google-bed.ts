// SPDX-License-Identifier: Apache-2.0
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { GoogleKms } from '../testbed/google-kms/google-kms.ts';

export const RING = 'projects/team-project/locations/europe-west1/keyRings/team';
const EMAIL = 'signer@team-project.iam.gserviceaccount.com';

export interface GoogleSourceOptions {
  readonly timeoutMs?: number;
  readonly context?: SigningContext;
  /** In place of the Secret with the service account key. */
  readonly kms?: Partial<KmsSpec>;
}

/** The double of Cloud KMS behind a proxy that can misbehave, and policies' sources that sign there. */
export class GoogleBed {
  readonly kms: GoogleKms;
  /** Between the signers and the API; tokens are asked for past it. */
  readonly proxy: FaultProxy;
  readonly objects = new HeldObjects();
  readonly clock = new ManualClock(new Date());
  readonly context: SigningContext;
  /** Secrets that must never be shown. */
  readonly planted: readonly string[];
  readonly #sources: SigningSource[] = [];

  private constructor(kms: GoogleKms, proxy: FaultProxy) {
    this.kms = kms;
    this.proxy = proxy;
    this.context = signingContext(this.objects, { allow: [proxy.host, kms.server.host], clock: this.clock });
    this.objects.configMaps.set('team/google-ca', { 'ca.crt': `${proxy.ca ?? ''}${kms.server.ca}` });
    const key = kms.iam.serviceAccountKey(EMAIL, kms.server.url);
    this.objects.secrets.set('team/google', { 'credentials.json': Buffer.from(key) });
    kms.permitted.add(`serviceAccount:${EMAIL}`);
    const lines = key.split('\\n').filter((line) => line.length === 64);
    this.planted = [...lines, 'planted'];
  }

  static async start(): Promise<GoogleBed> {
    const kms = await GoogleKms.start();
    return new GoogleBed(kms, await FaultProxy.start({ target: kms.server.url, tls: true }));
  }

  /** The source of a team's policy with this key, given whole or by its name in the ring. */
  source(key: string, { timeoutMs, context = this.context, kms }: GoogleSourceOptions = {}): SigningSource {
    const uri = key.startsWith('gcpkms:') ? key : `gcpkms://${RING}/cryptoKeys/${key}`;
    const google = { endpoint: this.proxy.host, stsEndpoint: this.kms.server.url };
    const who = kms ?? { secretRef: { name: 'google' } };
    const spec = { uri, caBundleRef: { name: 'google-ca' }, ...who, google: { ...google, ...who.google } };
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
    await this.kms.server.down();
  }
}
