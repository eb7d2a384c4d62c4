// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../../json/try-parse-json.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';

/** A credential for a registry. */
export type RegistryCredential =
  | { readonly type: 'Basic'; readonly username: string; readonly password: SecretValue }
  | { readonly type: 'IdentityToken'; readonly token: SecretValue }
  | { readonly type: 'RegistryToken'; readonly token: SecretValue };

export interface DockerConfigEntry {
  /** The registry as the file has it, perhaps with globs, a port and a path prefix. */
  readonly key: string;
  readonly credential: RegistryCredential;
}

const Entry = Type.Object({
  auth: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  identitytoken: Type.Optional(Type.String()),
  registrytoken: Type.Optional(Type.String()),
});
const Entries = Type.Record(Type.String(), Entry);
const entriesFile = Compile(Entries);
const configFile = Compile(Type.Object({ auths: Type.Optional(Entries) }));

/**
 * Read the credentials in the data of a Secret of type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`; undefined
 * when the data is of neither type or cannot be parsed.
 */
export function dockerConfigEntries(
  data: Readonly<Record<string, Uint8Array>>,
): readonly DockerConfigEntry[] | undefined {
  const config = tryParseJson(data['.dockerconfigjson'] ?? '');
  if (configFile.Check(config)) return credentials(config.auths ?? {});
  const legacy = tryParseJson(data['.dockercfg'] ?? '');
  return entriesFile.Check(legacy) ? credentials(legacy) : undefined;
}

function credentials(entries: Static<typeof Entries>): readonly DockerConfigEntry[] {
  return Object.entries(entries).flatMap(([key, entry]) => {
    const credential = credentialOf(entry);
    return credential === undefined ? [] : [{ key, credential }];
  });
}

function credentialOf(entry: Static<typeof Entry>): RegistryCredential | undefined {
  const { registrytoken, identitytoken } = entry;
  if (isText(registrytoken)) return { type: 'RegistryToken', token: new SecretValue(registrytoken) };
  if (isText(identitytoken)) return { type: 'IdentityToken', token: new SecretValue(identitytoken) };
  const decoded = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  const username = colon > 0 ? decoded.slice(0, colon) : entry.username;
  const password = colon > 0 ? decoded.slice(colon + 1) : entry.password;
  if (!isText(username) || password === undefined) return undefined;
  return { type: 'Basic', username, password: new SecretValue(password) };
}

function isText(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
