// SPDX-License-Identifier: Apache-2.0

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The value of an HTTP Basic `Authorization` header. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The content of a Docker `config.json`, which is also that of a Secret's `.dockerconfigjson`. */
export function dockerConfig(host: string, credentials: Credentials): string {
  return dockerConfigOf([[host, credentials]]);
}

/** The same for several registries, by host. */
export function dockerConfigOf(logins: Iterable<readonly [string, Credentials]>): string {
  const auths = Array.from(logins, ([host, credentials]) => {
    const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    return [host, { ...credentials, auth }] as const;
  });
  return JSON.stringify({ auths: Object.fromEntries(auths) });
}
