// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:https';

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The texts of the warnings, of admission controllers for example. */
  readonly warnings: readonly string[];
}

/** A header of the API server: the code 299, no agent, and the text as a quoted string. */
const WARNING = /^299 \S+ "(.*)"$/s;

/** Plain HTTPS to the API server as the administrator, for what the testbed itself must know. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string;
  readonly #readCa: () => Buffer;

  /** `readCa` is asked at each call: the API server makes its certificate only when it starts. */
  constructor(url: string, token: string, readCa: () => Buffer) {
    this.#url = url;
    this.#token = token;
    this.#readCa = readCa;
  }

  /** One GET, whatever its status; rejects when the server cannot be reached within 5 seconds. */
  get(path: string): Promise<ApiAnswer> {
    return this.#send('GET', path, {});
  }

  /** One POST, whatever its status, within 30 seconds. */
  post(path: string, body: object): Promise<ApiAnswer> {
    return this.#send('POST', path, { body: JSON.stringify(body), timeout: 30_000 });
  }

  #send(
    method: 'GET' | 'POST',
    path: string,
    { body, timeout = 5000 }: { readonly body?: string; readonly timeout?: number },
  ): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? {} : { 'content-type': 'application/json' };
      const options = {
        method,
        agent: new Agent({ ca: this.#readCa(), keepAlive: false }),
        headers: { authorization: `Bearer ${this.#token}`, accept: 'application/json', ...content },
        timeout,
      };
      const sent = request(new URL(path, this.#url), options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const warnings = (response.headersDistinct['warning'] ?? []).map(textOfWarning);
          resolve({ status: response.statusCode ?? 0, text, warnings });
        });
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} took more than ${timeout / 1000} s`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

function textOfWarning(header: string): string {
  const [, quoted] = WARNING.exec(header) ?? [];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? header;
}
