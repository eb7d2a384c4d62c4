// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import Value from 'typebox/value';
import { ApiError, type ApiClient } from './api-client.ts';

const Texts = Type.Optional(Type.Record(Type.String(), Type.String()));
const Data = Type.Object({ data: Texts, binaryData: Texts });

export type DataKind = 'configmaps' | 'secrets';

/** The source of ConfigMaps and Secrets: entry name to bytes, `undefined` when there is no such object. */
export interface DataSource {
  entries(kind: DataKind, namespace: string, name: string): Promise<ReadonlyMap<string, Buffer> | undefined>;
}

/** Reads them from the API server at each use. */
export class ApiDataSource implements DataSource {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async entries(kind: DataKind, namespace: string, name: string): Promise<ReadonlyMap<string, Buffer> | undefined> {
    try {
      const object = await this.#client.call({
        method: 'GET',
        path: `/api/v1/namespaces/${namespace}/${kind}/${name}`,
      });
      if (!Value.Check(Data, object)) throw new Error(`${kind} ${namespace}/${name} has no data map`);
      const encoding = kind === 'secrets' ? 'base64' : 'utf8';
      return new Map([...decoded(object.data, encoding), ...decoded(object.binaryData, 'base64')]);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }
}

function decoded(map: Readonly<Record<string, string>> | undefined, encoding: BufferEncoding): [string, Buffer][] {
  return Object.entries(map ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]);
}
