// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { ensureBinaries, ensureBinary } from '../binaries/ensure-binary.ts';
import { issueCertificate } from '../certificates/issue-certificate.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** A SASL account; with `topics` it may do nothing else. */
export interface KafkaUser {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
  readonly topics?: Readonly<Record<string, 'read' | 'write'>>;
}

export interface KafkaOptions {
  /** Made with three partitions each. */
  readonly topics: readonly string[];
  /** Everybody may do everything when absent. */
  readonly users?: readonly KafkaUser[];
  readonly tls?: boolean;
}

/** A message as franz-go's consumer read it. */
export interface KafkaMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** franz-go's Kafka broker on a fixed port of 127.0.0.1, that can go down and come back with its content. */
export class Kafka {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** PEM of the authority behind its certificate, with `tls` only. */
  readonly ca: string | undefined;
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  readonly #port: number;
  #running: ManagedProcess | undefined;

  private constructor(supervisor: Supervisor, setup: { port: number; spec: ProcessSpec; ca: string | undefined }) {
    this.host = `127.0.0.1:${setup.port}`;
    this.ca = setup.ca;
    this.#port = setup.port;
    this.#supervisor = supervisor;
    this.#spec = setup.spec;
  }

  /** Builds the broker when it is missing, and starts it. */
  static async start(supervisor: Supervisor, { topics, users, tls = false }: KafkaOptions): Promise<Kafka> {
    await ensureBinaries(['kafka-broker']);
    const port = await freePort();
    const name = `kafka-${port}`;
    const folder = supervisor.dataDirectory(name);
    const certificate = tls ? writeCertificate(folder) : undefined;
    const spec: ProcessSpec = {
      name,
      command: await ensureBinary('kafka-broker'),
      args: [
        ...['-port', String(port), '-data', join(folder, 'data'), '-topics', topics.join(',')],
        ...(certificate?.args ?? []),
      ],
      env: users === undefined ? {} : { KAFKA_USERS: JSON.stringify(users) },
    };
    const kafka = new Kafka(supervisor, { port, spec, ca: certificate?.ca });
    await kafka.up();
    return kafka;
  }

  /** Kills it: connections are refused. */
  async down(): Promise<void> {
    await this.#running?.stop(0);
    this.#running = undefined;
  }

  /** Brings it back on the same port with the same content; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    await running.untilReady(() => listens(this.#port));
  }

  /** Everything that a topic holds, by partition and offset. Only without users and TLS. */
  async messages(topic: string): Promise<readonly KafkaMessage[]> {
    const args = ['-brokers', this.host, '-topic', topic];
    const { stdout } = await runCommand(await ensureBinary('kafka-reader'), args, { env: {} });
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines
      .map((line): KafkaMessage => message(JSON.parse(line)))
      .sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  }
}

function writeCertificate(folder: string): { readonly ca: string; readonly args: readonly string[] } {
  const authority = issueCertificate({ name: 'kafka authority', isAuthority: true });
  const server = issueCertificate({ name: 'kafka', issuer: authority, usage: 'ServerAuth', addresses: ['127.0.0.1'] });
  const key = server.privateKey.export({ format: 'pem', type: 'pkcs8' });
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  writeFileSync(files.certificate, server.certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  return { ca: authority.certificate, args: ['-tls-cert', files.certificate, '-tls-key', files.key] };
}

function message(printed: unknown): KafkaMessage {
  const { partition, offset, key, value, headers } = asRecord(printed);
  const entries = Object.entries(asRecord(headers)).map(
    ([name, text]) => [name, Buffer.from(String(text), 'base64')] as const,
  );
  return {
    partition: Number(partition),
    offset: Number(offset),
    key: String(key),
    value: Buffer.from(String(value), 'base64'),
    headers: Object.fromEntries(entries),
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TypeError('the reader printed something else');
  return Object.fromEntries(Object.entries(value));
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
