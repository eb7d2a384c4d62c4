// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { awsCredentials } from '../../../credentials/aws/aws-credentials.ts';
import { awsRegion } from '../../../credentials/aws/aws-region.ts';
import { awsRequestHandler } from '../../../credentials/aws/aws-request-handler.ts';
import type { AwsRequestHandler } from '../../../credentials/aws/aws-request-handler.ts';
import type { SigningContext } from '../../signing-context.ts';
import { SigningError } from '../../signing-error.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import type { KmsKey, KmsProvider, KmsPublicKey, KmsSignRequest } from '../kms-key.ts';
import { awsAlgorithm, awsAlgorithmOf } from './aws-algorithm.ts';
import { awsFailure } from './aws-failure.ts';
import type { AwsKeyName } from './aws-uri.ts';
import { awsKeyName } from './aws-uri.ts';

/** The SDK would wait between attempts; callers retry by themselves, and not before Retry-After. */
const MAX_ATTEMPTS = 1;

/** `awskms://`: a key of AWS KMS, or of a server that speaks its protocol. */
export const awsKey: KmsProvider = (definition, context) => new AwsKey(definition, context);

class AwsKey implements KmsKey {
  readonly #definition: KmsDefinition;
  readonly #context: SigningContext;
  readonly #name: AwsKeyName;
  #client: KMSClient | undefined;
  /** Its connections, which outlive it. */
  #handler: AwsRequestHandler | undefined;

  constructor(definition: KmsDefinition, context: SigningContext) {
    this.#definition = definition;
    this.#context = context;
    this.#name = awsKeyName(definition.uri);
  }

  async publicKey(signal: AbortSignal): Promise<KmsPublicKey> {
    const response = await this.#call((client) =>
      client.send(new GetPublicKeyCommand({ KeyId: this.#name.keyId }), { abortSignal: signal }),
    );
    const algorithm = awsAlgorithm(response.SigningAlgorithms);
    if (algorithm === undefined || response.PublicKey === undefined) {
      const message = `key ${this.#definition.uri} does not sign with ECDSA on a NIST curve or with RSA: name one that does`;
      throw new SigningError('KeyInvalid', message);
    }
    const { digest, padding } = algorithm;
    return {
      key: createPublicKey({ key: Buffer.from(response.PublicKey), format: 'der', type: 'spki' }),
      digest,
      ...(padding === undefined ? {} : { padding }),
    };
  }

  async sign({ message, publicKey }: KmsSignRequest, signal: AbortSignal): Promise<Buffer> {
    const { name, digest } = awsAlgorithmOf(publicKey);
    const response = await this.#call((client) =>
      client.send(
        new SignCommand({
          // Use the policy's name of the key, because permissions can depend on the alias.
          KeyId: this.#name.keyId,
          Message: createHash(digest).update(message).digest(),
          MessageType: 'DIGEST',
          SigningAlgorithm: name,
        }),
        { abortSignal: signal },
      ),
    );
    return Buffer.from(response.Signature ?? []);
  }

  close(): Promise<void> {
    this.#handler?.destroy();
    this.#handler = undefined;
    this.#client = undefined;
    return Promise.resolve();
  }

  async #call<Answer>(send: (client: KMSClient) => Promise<Answer>): Promise<Answer> {
    const client = (this.#client ??= this.#connect());
    try {
      return await send(client);
    } catch (error) {
      const failure = awsFailure(error, this.#definition.uri);
      // A session can be revoked before it ends: the next call is made with new credentials. Calls under way go on.
      if (failure?.reason === 'SignerUnauthorized' && this.#client === client) this.#client = undefined;
      throw failure ?? error;
    }
  }

  #connect(): KMSClient {
    const { identity, tls, spec, kind } = this.#definition;
    const region = this.#region();
    const { roleARN, stsEndpoint } = spec.aws ?? {};
    this.#handler ??= awsRequestHandler(this.#context.egress, { tls });
    return new KMSClient({
      region,
      requestHandler: this.#handler,
      // AWS_ENDPOINT_URL of the operator's environment is for the operator's own requests.
      ignoreConfiguredEndpointUrls: kind !== 'ClusterSigningPolicy',
      credentials: awsCredentials({ identity, region, roleARN, stsEndpoint, tls }, this.#context),
      maxAttempts: MAX_ATTEMPTS,
      ...(this.#name.endpoint === undefined ? {} : { endpoint: this.#name.endpoint }),
    });
  }

  #region(): string {
    const { uri, spec, kind } = this.#definition;
    const ours =
      kind === 'ClusterSigningPolicy' ? (process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION) : undefined;
    const region = spec.aws?.region ?? this.#name.region ?? ours;
    if (region !== undefined) return awsRegion(region);
    throw new SigningError('KeyNotFound', `key ${uri} has no region: set spec.signer.kms.aws.region`);
  }
}
