// SPDX-License-Identifier: Apache-2.0

/** One key as etcd keeps it. */
export interface EtcdKey {
  readonly key: string;
  /** The revision of its last change. */
  readonly revision: string;
  /** In base64; empty where only keys were asked for. */
  readonly value: string;
}

/** Sets a key to a value (in base64), or removes it. */
export type EtcdChange =
  { readonly key: string; readonly value: string } | { readonly key: string; readonly value?: never };

/** Everything that kube-apiserver keeps. */
const registry = { from: '/registry/', to: '/registry0' } as const;
/** etcd takes 128 operations in a transaction. */
const operations = 100;
const timeoutMilliseconds = 30_000;

/** The keys of kube-apiserver in etcd, by etcd's JSON gateway. */
export class EtcdKeys {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** All keys, with their values or without. */
  async list({ withValues }: { readonly withValues: boolean }): Promise<readonly EtcdKey[]> {
    const range = { key: encoded(registry.from), range_end: encoded(registry.to), keys_only: !withValues };
    const answer = await this.#call('range', range);
    const found: unknown = 'kvs' in answer ? answer.kvs : [];
    if (!Array.isArray(found)) throw new Error(`etcd answered a range without keys: ${JSON.stringify(answer)}`);
    return found.map(parseKey);
  }

  /** Makes the changes, in transactions of a hundred. */
  async change(changes: readonly EtcdChange[]): Promise<void> {
    for (let first = 0; first < changes.length; first += operations) {
      const success = changes.slice(first, first + operations).map(operation);
      await this.#call('txn', { success });
    }
  }

  async #call(method: 'range' | 'txn', body: object): Promise<object> {
    const answer = await fetch(`${this.#url}/v3/kv/${method}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${method}: ${text.slice(0, 200)}`);
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || typeof parsed !== 'object') throw new Error(`etcd answered no object to ${method}`);
    return parsed;
  }
}

function operation({ key, value }: EtcdChange): object {
  return value === undefined
    ? { request_delete_range: { key: encoded(key) } }
    : { request_put: { key: encoded(key), value } };
}

function parseKey(found: unknown): EtcdKey {
  if (found === null || typeof found !== 'object' || !('key' in found) || !('mod_revision' in found))
    throw new Error(`etcd listed something that is no key: ${JSON.stringify(found)}`);
  return {
    key: Buffer.from(String(found.key), 'base64').toString('utf8'),
    revision: String(found.mod_revision),
    value: 'value' in found ? String(found.value) : '',
  };
}

function encoded(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64');
}
