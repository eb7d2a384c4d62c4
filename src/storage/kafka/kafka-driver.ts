// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { runProbe } from '../run-probe.ts';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { KafkaSpec } from '../../api/v1alpha1/backend-types/kafka.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { callFailure } from '../http/call-failure.ts';
import { certificateTexts, storedChain } from '../documents/certificate-texts.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { evidenceName, evidenceOwner } from '../documents/evidence-name.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { parseBroker } from './broker-address.ts';
import { BrokerConnections } from './broker-connections.ts';
import { kafkaSecurity } from './kafka-security.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { StoredMessages } from './stored-messages.ts';
import { TopicClient } from './topic-client.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

const PUT_TIMEOUT_MS = 120_000;
const READ_TIMEOUT_MS = 60_000;
const REMEMBERED = 20_000;

const writes = new KeyedLock();
const stored = new StoredMessages(REMEMBERED);

/** Evidence as messages of a topic, as Tekton Chains' `pubsub` storage composes them. */
export class KafkaDriver implements StorageDriver {
  readonly #backend: BackendDefinition;
  readonly #kafka: WithEffectiveTls<KafkaSpec>;
  readonly #context: Pick<DriverContext, 'objects' | 'putTimeoutMs'>;
  readonly #connections: BrokerConnections;
  readonly #topic: TopicClient;

  constructor(backend: BackendDefinition, kafka: WithEffectiveTls<KafkaSpec>, context: DriverContext) {
    this.#backend = backend;
    this.#kafka = kafka;
    this.#context = context;
    this.#connections = new BrokerConnections(context.egress);
    this.#topic = new TopicClient({
      topic: kafka.topic,
      bootstrap: kafka.bootstrapServers.map(parseBroker),
      connections: this.#connections,
      nowMs: () => context.clock.monotonicMs(),
    });
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return runProbe(signal, async () => {
      const doing = `asking for topic ${this.#kafka.topic}`;
      await withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (inTime) => {
        await this.#topic.check(await this.#security(inTime));
      });
    });
  }

  /** Append one message, unless this process has appended it before. After a crash the topic may contain it twice. */
  put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const { topic, bootstrapServers } = this.#kafka;
    const doing = `storing "${artifact.name}" in topic ${topic}`;
    const digest = createHash('sha256').update(signatureText(artifact)).digest('hex');
    const identity = JSON.stringify([bootstrapServers, topic, evidenceOwner(artifact, run), digest]);
    const timeoutMs = this.#context.putTimeoutMs ?? PUT_TIMEOUT_MS;
    return withinDeadline({ signal, timeoutMs, doing }, (inTime) =>
      writes.run(identity, inTime, async () => {
        const earlier = stored.location(identity);
        if (earlier !== undefined) return [earlier];
        const location = await this.#append(artifact, run, inTime);
        stored.remember(identity, location);
        return [location];
      }),
    );
  }

  get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const { topic } = this.#kafka;
    const doing = `reading ${location.uri}`;
    return withinDeadline({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (inTime) => {
      const place = parsePlace(location.uri, topic);
      if (place === undefined) {
        throw new StorageError('BackendRejected', `"${location.uri}" is not a place in topic ${topic}`);
      }
      const message = await this.#topic.read(place.partition, place.offset, await this.#security(inTime));
      const payload = message?.headers.get('payload');
      if (message === undefined || payload === undefined) {
        stored.forget(location.uri);
        throw new StorageError(
          'BackendRejected',
          `${location.uri} holds the evidence no more; see the topic's retention`,
        );
      }
      const text = (name: string): string => message.headers.get(name)?.toString('utf8') ?? '';
      return {
        payload: Buffer.from(payload.toString('utf8'), 'base64'),
        signature: message.value,
        encoding: 'SignatureText',
        ...storedChain({ certificate: text('cert'), chain: text('chain') }),
      };
    });
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  async #append(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<Location> {
    const security = await this.#security(signal);
    signal.throwIfAborted();
    const key = Buffer.from(evidenceName(artifact, run, this.#backend.spec.keys));
    const message = { key, value: signatureText(artifact), headers: messageHeaders(artifact) };
    const { partition, offset } = await this.#topic.append(message, security);
    const uri = `kafka://${this.#kafka.topic}/${partition}/${offset}`;
    return { uri, digest: payloadDigest(artifact.payload) };
  }

  async #security(signal: AbortSignal): Promise<KafkaSecurity> {
    try {
      return await kafkaSecurity(this.#backend, this.#kafka, this.#context.objects, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw callFailure(error, `reading what topic ${this.#kafka.topic} is reached with`);
    }
  }
}

/** Builds Chains' two headers, plus two for a certificate and its chain, which verification needs. */
function messageHeaders(artifact: SignedArtifact): Map<Buffer, Buffer> {
  const { certificate, chain } = certificateTexts(artifact);
  const headers = new Map([
    [Buffer.from('payload'), Buffer.from(artifact.payload.toString('base64'))],
    [Buffer.from('signature'), signatureText(artifact)],
  ]);
  if (certificate === '') return headers;
  return headers.set(Buffer.from('cert'), Buffer.from(certificate)).set(Buffer.from('chain'), Buffer.from(chain));
}

const PLACE = /^kafka:\/\/([-_.A-Za-z0-9]{1,249})\/(\d{1,10})\/(\d{1,19})$/;

function parsePlace(uri: string, topic: string): { partition: number; offset: bigint } | undefined {
  const [, named, partition, offset] = PLACE.exec(uri) ?? [];
  if (named !== topic || partition === undefined || offset === undefined) return undefined;
  return { partition: Number(partition), offset: BigInt(offset) };
}
