// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { TlsOptions } from '../../net/tls-options.ts';
import { abortable } from '../../runtime/abortable.ts';
import { withinDeadline } from '../../runtime/deadline.ts';
import type { RunSigner } from '../run-signer.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import type { SigningContext } from '../signing-context.ts';
import { SigningError } from '../signing-error.ts';
import type { SignerCheck, SigningSource } from '../signing-source.ts';
import { verificationKey } from '../verification-key.ts';
import { kmsCertificates, type KmsDefinition, kmsIdentity, type KmsSpec } from './kms-definition.ts';
import { kmsFailure } from './kms-failure.ts';
import type { KmsKey, KmsProvider, KmsPublicKey } from './kms-key.ts';
import { KmsSigner } from './kms-signer.ts';

/** Settings of calls to the service. */
export interface KmsCallOptions {
  /** For one call with what it takes to authenticate. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** A rotated key is seen within this time, or as soon as the policy is checked. */
const PUBLIC_KEY_MS = 300_000;
const TRIAL_BYTES = 32;

interface Opened {
  readonly key: KmsKey;
  /** The certificates it was opened with. */
  readonly tls: TlsOptions;
}

interface Asked {
  readonly key: KmsKey;
  readonly publicKey: KmsPublicKey;
}

/** Signs with a key that never leaves its service. The service is not believed: each signature is verified before it is used. */
export function kmsSource(
  definition: SignerDefinition,
  context: SigningContext,
  options: KmsCallOptions = {},
): SigningSource {
  return new KmsSource(definition, context, options.timeoutMs ?? TIMEOUT_MS);
}

class KmsSource implements SigningSource {
  readonly #definition: SignerDefinition;
  readonly #context: SigningContext;
  readonly #timeoutMs: number;
  #opened: Opened | undefined;
  /** The question that is on its way. */
  #asking: Promise<Asked> | undefined;
  #life = new AbortController();
  #known: { readonly publicKey: KmsPublicKey; readonly untilMs: number } | undefined;

  constructor(definition: SignerDefinition, context: SigningContext, timeoutMs: number) {
    this.#definition = definition;
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  async signer(signal: AbortSignal): Promise<RunSigner> {
    signal.throwIfAborted();
    const cached = this.#known;
    if (cached !== undefined && this.#opened !== undefined && this.#context.clock.monotonicMs() < cached.untilMs)
      return this.#signer(this.#opened.key, cached.publicKey, signal);
    const { key, publicKey } = await this.#asked(signal);
    return this.#signer(key, publicKey, signal);
  }

  async check(signal: AbortSignal): Promise<SignerCheck> {
    const { key, publicKey } = await this.#asked(signal);
    const signer = this.#signer(key, publicKey, signal);
    await signer.sign(randomBytes(TRIAL_BYTES));
    const { earlier = [], notAfter } = publicKey;
    return {
      active: verificationKey(publicKey.key, notAfter),
      retired: earlier.map((one) => verificationKey(one)).filter(({ keyID }) => keyID !== signer.keyID),
    };
  }

  async close(): Promise<void> {
    const message = `the key of ${this.#definition.description} is used no longer: the policy was changed, or the operator stops`;
    this.#life.abort(new SigningError('SignerUnavailable', message));
    this.#life = new AbortController();
    const opened = this.#opened;
    this.#opened = undefined;
    this.#known = undefined;
    await opened?.key.close();
  }

  /** With the public key as the service states it now. */
  async #asked(signal: AbortSignal): Promise<Asked> {
    signal.throwIfAborted();
    return abortable(this.#answer(), signal);
  }

  /** Callers of one moment share one question, so that the runs that wait for a key open it once. None that gives up ends it for the others. */
  #answer(): Promise<Asked> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<Asked> {
    const { signal } = this.#life;
    this.#known = undefined;
    // Not within the time of the call: a large library on a busy machine is no service that is slow to answer.
    const provider = await this.#provider();
    return this.#call(signal, async (bounded) => {
      const key = await this.#open(provider, bounded);
      const publicKey = await key.publicKey(bounded);
      bounded.throwIfAborted();
      this.#known = { publicKey, untilMs: this.#context.clock.monotonicMs() + PUBLIC_KEY_MS };
      return { key, publicKey };
    });
  }

  #signer(key: KmsKey, publicKey: KmsPublicKey, signal: AbortSignal): RunSigner {
    return new KmsSigner(publicKey, this.#spec().uri, {
      sign: (message) => this.#call(signal, (bounded) => key.sign({ message, publicKey }, bounded)),
      refused: () => {
        // The next signer asks for the key again.
        this.#known = undefined;
      },
    });
  }

  /** The key, reopened when the trusted certificates change. */
  async #open(provider: KmsProvider, signal: AbortSignal): Promise<KmsKey> {
    const spec = this.#spec();
    const identity = kmsIdentity(this.#definition);
    const tls = await kmsCertificates(this.#definition, this.#context.objects, signal);
    if (this.#opened !== undefined && this.#opened.tls.ca === tls.ca) return this.#opened.key;
    const { kind, description, homeNamespace } = this.#definition;
    // A caller that gave up, or closed, would never close a key that is opened now.
    signal.throwIfAborted();
    const definition: KmsDefinition = { uri: spec.uri, kind, description, homeNamespace, identity, tls, spec };
    const key = provider(definition, this.#context);
    const replaced = this.#opened;
    this.#opened = { key, tls };
    await replaced?.key.close();
    return key;
  }

  async #provider(): Promise<KmsProvider> {
    const { uri } = this.#spec();
    const load = kmsProvider(uri);
    if (load === undefined) throw new SigningError('KeyNotFound', `key ${uri}: no provider is there for its scheme`);
    return load();
  }

  async #call<Result>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { uri } = this.#spec();
    const timeoutMs = this.#timeoutMs;
    const message = `key ${uri}: its service did not answer within ${timeoutMs} ms`;
    const overdue = (): Error => new SigningError('SignerUnavailable', message);
    try {
      return await withinDeadline({ signal, timeoutMs, overdue }, work);
    } catch (error) {
      signal.throwIfAborted();
      throw kmsFailure(error, uri);
    }
  }

  #spec(): KmsSpec {
    const { signer, description } = this.#definition;
    if (signer.kms === undefined)
      throw new SigningError('KeyNotFound', `${description} names no key: set spec.signer.kms`);
    return signer.kms;
  }
}

/** Loads a provider with its client library, which the provider's modules import as they are loaded. */
type ProviderLoader = () => Promise<KmsProvider>;

/**
 * The providers by the scheme of their URIs; each is loaded with the first key that needs it.
 * To add one: a folder here and a line in this map.
 */
const providers: Readonly<Record<string, ProviderLoader>> = {
  azurekms: async () => (await import('./azure/azure-key.ts')).azureKey,
  gcpkms: async () => (await import('./google/google-key.ts')).googleKey,
  awskms: async () => (await import('./aws/aws-key.ts')).awsKey,
  hashivault: async () => (await import('./vault/vault-key.ts')).vaultKey,
  openbao: async () => (await import('./vault/vault-key.ts')).vaultKey,
};

/** The loader of a key's provider; undefined for an unknown scheme. */
function kmsProvider(uri: string): ProviderLoader | undefined {
  return providers[uri.slice(0, uri.indexOf('://'))];
}
