// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { stringField } from '../../json/fields.ts';
import { tryParseJson } from '../../json/try-parse-json.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { RegistryCredential } from '../../storage/oci/registry/docker-config.ts';
import { UncheckedError } from '../cli-error.ts';

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 1024 * 1024;
const MAX_SHOWN = 200;
/** The answer of every helper of docker to a registry that it does not know. */
const NOT_FOUND = /credentials not found/i;

interface Ended {
  readonly failure: Error | undefined;
  readonly output: string;
}

/**
 * Asks `docker-credential-NAME` for the login to a registry, as docker does: the registry goes to its standard input.
 * @returns undefined if it has none @throws UncheckedError if it is missing or fails; its output is shown only then
 */
export async function credentialOfHelper(
  name: string,
  registry: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RegistryCredential | undefined> {
  const program = `docker-credential-${name}`;
  // A path would run a program from somewhere else.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new UncheckedError(`"${name}" is not a credential helper`);
  const { failure, output } = await run(program, registry, environment);
  if (failure !== undefined) {
    if (NOT_FOUND.test(output)) return undefined;
    if ('code' in failure && failure.code === 'ENOENT')
      throw new UncheckedError(`${program} is not installed, and the docker configuration names it for ${registry}`);
    const shown = output.trim() === '' ? 'it failed without a message' : output.trim().slice(0, MAX_SHOWN);
    throw new UncheckedError(`${program} has no login for ${registry}: ${shown}`, { cause: failure });
  }
  const answer = tryParseJson(output);
  const [username, secret] = [stringField(answer, 'Username'), stringField(answer, 'Secret')];
  // The answer holds a secret, so the message does not quote it.
  if (username === undefined || secret === undefined)
    throw new UncheckedError(`${program} gave an answer for ${registry} that is not a login`);
  if (username === '' && secret === '') return undefined;
  return username === '<token>'
    ? { type: 'IdentityToken', token: new SecretValue(secret) }
    : { type: 'Basic', username, password: new SecretValue(secret) };
}

async function run(
  program: string,
  input: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...environment }, timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES, encoding: 'utf8' } as const;
    const child = execFile(program, ['get'], options, (failure, output) => {
      resolve({ failure: failure ?? undefined, output });
    });
    // A helper that ends without reading fails by its exit code, or has answered.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
