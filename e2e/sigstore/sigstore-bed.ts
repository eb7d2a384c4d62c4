// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import type { TokenRequest, TokenSource } from '../../src/credentials/token-source.ts';
import type { ArtifactForm, SignedArtifact } from '../../src/evidence/artifact.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { SecretValue } from '../../src/runtime/secret-value.ts';
import { contractArtifact } from '../../src/signing/contract-artifacts.fixture.ts';
import { KeySigner } from '../../src/signing/key/key-signer.ts';
import { keylessSource } from '../../src/signing/keyless/keyless-source.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import type { Digest } from '../../src/signing/signing-algorithm.ts';
import { logWitness, type LogWitnessOptions } from '../../src/transparency/log-witness.ts';
import { timestampWitness } from '../../src/transparency/timestamp-witness.ts';
import { TransparencyError } from '../../src/transparency/transparency-error.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { ProxiedAnswer, ProxiedRequest } from '../testbed/fault-proxy/fault.ts';
import { OidcIssuer, SigstoreStack, Supervisor, type SigstoreOptions } from '../testbed/index.ts';
import { CredentialError } from '../../src/credentials/credential-error.ts';

export const never = new AbortController().signal;
export const team = 'bakery';
export const account = 'signer';

/** Proofs of when something was signed. */
export interface Witnesses {
  /** Version of Rekor; absent without a log. */
  readonly log?: 1 | 2;
  readonly isTimestamped: boolean;
}

/** Tokens that an issuer of the testbed gives, for one host and audience; what was asked for is remembered. */
export class IssuedTokens implements TokenSource {
  readonly given: string[] = [];
  readonly asked: TokenRequest[] = [];
  /** Makes another token than the issuer's own. */
  forge: ((token: string) => string) | undefined;
  readonly #issuer: OidcIssuer;
  readonly #hosts: ReadonlySet<string>;

  constructor(issuer: OidcIssuer, hosts: readonly string[]) {
    this.#issuer = issuer;
    this.#hosts = new Set(hosts);
  }

  token(request: TokenRequest, signal: AbortSignal) {
    signal.throwIfAborted();
    this.asked.push(request);
    if (!this.#hosts.has(request.host))
      return Promise.reject(new CredentialError('Forbidden', `not to ${request.host}`));
    const { namespace, serviceAccountName: serviceAccount, audience } = request;
    const token = this.#issuer.token({ namespace, serviceAccount, audience });
    this.given.push(token);
    const expiresAt = new Date(Date.now() + 600_000);
    return Promise.resolve({ token: new SecretValue(this.forge?.(token) ?? token), expiresAt });
  }
}

/** sigstore's servers without a cluster, each behind a proxy that can make it fail, and what signs and witnesses on them. */
export class SigstoreBed {
  readonly supervisor: Supervisor;
  readonly issuer: OidcIssuer;
  readonly stack: SigstoreStack;
  readonly objects = new HeldObjects();
  readonly #contexts: SigningContext[] = [];
  readonly #proxies: FaultProxy[] = [];

  private constructor(supervisor: Supervisor, issuer: OidcIssuer, stack: SigstoreStack) {
    this.supervisor = supervisor;
    this.issuer = issuer;
    this.stack = stack;
  }

  static async start(options: Omit<SigstoreOptions, 'fulcio'> & { readonly fulcio?: boolean }): Promise<SigstoreBed> {
    const supervisor = new Supervisor('sigstore');
    try {
      const issuer = await OidcIssuer.start();
      const { fulcio, ...others } = options;
      const stack = await SigstoreStack.start(supervisor, {
        ...others,
        ...(fulcio === true ? { fulcio: { issuer } } : {}),
      });
      return new SigstoreBed(supervisor, issuer, stack);
    } catch (error) {
      supervisor.keepLogs();
      await supervisor.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#contexts.map(({ egress }) => egress.close()));
    await Promise.all(this.#proxies.map((proxy) => proxy.stop()));
    await this.issuer.stop();
    await this.supervisor.stop();
  }

  get trustedRoot(): TrustedRoot {
    return TrustedRoot.fromJSON(JSON.parse(this.stack.trustedRoot));
  }

  /** A proxy in front of one of the servers. */
  async proxy(target: string, tls = false): Promise<FaultProxy> {
    const proxy = await FaultProxy.start({ target: new URL(target).origin, tls });
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Rekor v2 as it is deployed: its read side, which is files, under the same URL. */
  async readableLog(): Promise<FaultProxy> {
    const { url, files } = this.stack.rekorV2;
    const proxy = await this.proxy(url);
    const rewrite = (answer: ProxiedAnswer, { path }: ProxiedRequest): ProxiedAnswer => {
      const file = join(files, path.replace('/api/v2/', ''));
      return existsSync(file) ? { status: 200, headers: {}, body: readFileSync(file) } : answer;
    };
    proxy.fail({ type: 'Rewrite', rewrite }, { when: ({ method }) => method === 'GET' });
    return proxy;
  }

  /** A context through which signers and witnesses reach the servers and these proxies. */
  context(
    options: {
      readonly proxies?: readonly FaultProxy[];
      readonly hosts?: readonly string[];
      readonly clock?: Clock;
    } = {},
  ) {
    const { proxies = [], hosts = [] } = options;
    const allow = [...this.stack.hosts, ...proxies.map(({ host }) => host), ...hosts];
    const tokens = new IssuedTokens(this.issuer, allow);
    const { clock } = options;
    const context = { ...signingContext(this.objects, { allow, ...(clock === undefined ? {} : { clock }) }), tokens };
    this.#contexts.push(context);
    return context;
  }

  /** A signer with certificates of Fulcio. */
  keyless(): Promise<RunSigner> {
    const keyless = { fulcioURL: this.stack.fulcio.url, serviceAccountName: account };
    const definition = {
      kind: 'SigningPolicy',
      description: `SigningPolicy ${team}/builds`,
      homeNamespace: team,
      signer: { type: 'Keyless', keyless },
    } as const;
    return keylessSource(definition, this.context()).signer(never);
  }

  /** The artifact with the timestamp and the entry of a log that are asked for. */
  async witnessed(artifact: SignedArtifact, { log, isTimestamped }: Witnesses): Promise<SignedArtifact> {
    const root = this.trustedRoot;
    const timestamps = isTimestamped ? [await this.authority().testify(artifact, root, never)] : undefined;
    const stamped = timestamps === undefined ? artifact : { ...artifact, timestamps };
    return log === undefined
      ? stamped
      : { ...stamped, logEntries: [await this.log(log).testify(stamped, root, never)] };
  }

  /** `spec.transparency` of a policy that asks for these witnesses. */
  transparency({ log, isTimestamped }: Witnesses): object {
    const rekor = log === 1 ? this.stack.rekorV1 : this.stack.rekorV2;
    const authorities = isTimestamped ? [{ url: this.stack.timestampAuthority.url }] : undefined;
    return {
      ...(log === undefined ? { type: 'None' } : { type: 'Rekor', rekor: { url: rekor.url, apiVersion: log } }),
      ...(authorities === undefined ? {} : { timestampAuthorities: authorities }),
    };
  }

  /** A signature about content that was never signed before. */
  async signed(form: ArtifactForm, signer: RunSigner = keySigner()): Promise<SignedArtifact> {
    return contractArtifact(form, freshSubject(), signer);
  }

  /** A log of the stack, or a proxy in front of one. */
  log(version: 1 | 2, options: Partial<LogWitnessOptions> = {}, context = this.context()) {
    const { url = version === 1 ? this.stack.rekorV1.url : this.stack.rekorV2.url } = options;
    return logWitness({ url, apiVersion: version, logs: [url], ...options }, context);
  }

  /** The stack's timestamp authority, or a proxy in front of it. */
  authority(url = this.stack.timestampAuthority.url, context = this.context()) {
    return timestampWitness({ url }, context);
  }
}

/** A signer with a key of its own. */
export function keySigner(curve = 'P-256', digest: Digest = 'sha256'): KeySigner {
  return new KeySigner(generateKeyPairSync('ec', { namedCurve: curve }).privateKey, digest);
}

export function freshSubject(): { readonly name: string; readonly sha256: string } {
  return { name: 'blob', sha256: createHash('sha256').update(randomUUID()).digest('hex') };
}

/** The TransparencyError that a promise rejects with. */
export async function transparencyError(promise: Promise<unknown>): Promise<TransparencyError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof TransparencyError, String(error));
  return error;
}
