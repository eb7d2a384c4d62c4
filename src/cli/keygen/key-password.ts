// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { unreadableFile } from '../file-error.ts';

/** Cosign's own variable, so that scripts for cosign work here. */
const VARIABLE = 'COSIGN_PASSWORD';

/** The sources of a key's password. */
export interface PasswordSource {
  /** A file with the password; a final line break is removed. */
  readonly file?: string | undefined;
  /** Ask at the terminal, without echo. */
  readonly prompt?: boolean | undefined;
  /** Ask twice, for a new key. */
  readonly confirm?: boolean;
}

/**
 * Reads the password from the file, the terminal or $COSIGN_PASSWORD, whichever is given first.
 * @returns undefined if none is given
 * @throws if the file cannot be read, there is no terminal, or the two inputs differ
 */
export async function keyPassword({ file, prompt, confirm }: PasswordSource): Promise<Buffer | undefined> {
  if (file !== undefined) return withoutLineEnd(await readFile(file).catch(unreadableFile(file)));
  if (prompt === true) return Buffer.from(await typed(confirm === true));
  const value = process.env[VARIABLE];
  return value === undefined ? undefined : Buffer.from(value);
}

function withoutLineEnd(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/\r?\n$/, '');
  return Buffer.from(text, 'latin1');
}

async function typed(isNew: boolean): Promise<string> {
  if (!process.stdin.isTTY) throw new Error('there is no terminal to ask for the password: use --password-file');
  const first = await hidden('Password of the private key: ');
  if (isNew && (await hidden('Repeat the password: ')) !== first) throw new Error('the two passwords differ');
  return first;
}

async function hidden(question: string): Promise<string> {
  process.stderr.write(question);
  const silence = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const terminal = createInterface({ input: process.stdin, output: silence, terminal: true });
  const cancelled = new AbortController();
  terminal.once('SIGINT', () => {
    cancelled.abort(new Error('cancelled'));
  });
  try {
    return await terminal.question('', { signal: cancelled.signal });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
