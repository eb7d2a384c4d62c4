// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { listField } from '../../../src/json/fields.ts';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** The OpenTelemetry collector's receiver for OTLP over HTTP, which remembers the spans that it took. */
export class OtlpReceiver {
  /** The URL for traces. */
  readonly endpoint: string;
  readonly #running: ManagedProcess;

  private constructor(endpoint: string, running: ManagedProcess) {
    this.endpoint = endpoint;
    this.#running = running;
  }

  /** Builds the server when it is missing, and starts it. */
  static async start(supervisor: Supervisor): Promise<OtlpReceiver> {
    const host = `127.0.0.1:${await freePort()}`;
    const command = await ensureBinary('otlp-receiver');
    const running = supervisor.start({ name: 'otlp-receiver', command, args: ['-endpoint', host], graceSeconds: 1 });
    const endpoint = `http://${host}/v1/traces`;
    // It takes POST alone.
    await running.untilReady(async () => (await fetch(endpoint)).status === 405);
    return new OtlpReceiver(endpoint, running);
  }

  /** The spans that it took, in OTLP's JSON. */
  spans(): readonly unknown[] {
    return readFileSync(this.#running.logPath, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .flatMap((line) => listField(JSON.parse(line), 'resourceSpans'))
      .flatMap((resource) => listField(resource, 'scopeSpans'))
      .flatMap((scope) => listField(scope, 'spans'));
  }
}
