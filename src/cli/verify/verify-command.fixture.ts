// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { TestLog } from '../../verify/test-log.fixture.ts';
import { DIGEST, TestSigner } from '../../verify/test-signer.fixture.ts';
import { verifyCommand } from './verify.ts';

export const directory = mkdtempSync(join(tmpdir(), 'hallmark-verify-'));
// Test files of one process share it.
process.once('exit', () => {
  rmSync(directory, { recursive: true });
});

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process, because starting fifty processes takes a minute, and without a cluster. */
export async function verify(...args: readonly string[]): Promise<CommandResult> {
  const ended = { out: '', err: '' };
  const { KUBECONFIG: own } = process.env;
  process.env['KUBECONFIG'] = '/no/such/kubeconfig';
  const command = verifyCommand();
  for (const one of command.commands) {
    one.configureOutput({
      writeOut: (text) => (ended.out += text),
      writeErr: (text) => (ended.err += text),
    });
  }
  try {
    await command.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), ...ended };
  } catch (error) {
    assert.ok(error instanceof CommanderError, String(error));
    return { code: error.exitCode, ...ended };
  } finally {
    process.exitCode = 0;
    if (own === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = own;
  }
}

export function file(name: string, content: string | object): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

export const signer = new TestSigner();
export const key = file('key.pub', signer.key.publicKey);
export const stranger = file('stranger.pub', new TestSigner().key.publicKey);
export const attestation = signer.artifact(signer.envelope());
export const image = signer.artifact(signer.simpleSigning());
export const about = ['--digest', `sha256:${DIGEST}`];
export const log = new TestLog();
export const root = file('trusted_root.json', { tlogs: [log.trust] });

/** Adds an entry of the test's log. */
export function logged(artifact: SignedArtifact, verifier = signer.key.publicKey): SignedArtifact {
  const entry = log.entry({ ...artifact, form: 'Envelope', verifier, time: new Date() });
  const text = JSON.stringify(TransparencyLogEntry.toJSON(entry));
  return { ...artifact, logEntries: [{ url: 'https://log.example', logIndex: '0', entry: text }] };
}
