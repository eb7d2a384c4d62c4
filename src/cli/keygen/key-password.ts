// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Cosign's own name for it, so that scripts for cosign work here. */
const VARIABLE = 'COSIGN_PASSWORD';

/** Where a key's password comes from. */
export interface PasswordSource {
  /** A file whose content is the password, without the line feed that editors put at its end. */
  readonly file?: string | undefined;
  /** Ask at the terminal, which shows nothing of it. */
  readonly prompt?: boolean | undefined;
  /** Ask twice, because a new key is made with it. */
  readonly confirm?: boolean;
}

/**
 * The password from the file, the terminal or $COSIGN_PASSWORD, the first that is given.
 * @returns undefined when none is
 * @throws when the file cannot be read, there is no terminal, or what is typed twice differs
 */
export async function keyPassword({ file, prompt, confirm }: PasswordSource): Promise<Buffer | undefined> {
  if (file !== undefined) return withoutLineEnd(await readFile(file));
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
  if (isNew && (await hidden('The same again: ')) !== first) throw new Error('the two passwords differ');
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
