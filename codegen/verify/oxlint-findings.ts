// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Place = Type.Object({ span: Type.Object({ line: Type.Integer(), column: Type.Integer() }) });
const Finding = Type.Object({
  /** From the top of the checkout. */
  filename: Type.String(),
  /** The rule, or the code of the compiler. */
  code: Type.Optional(Type.String()),
  message: Type.String(),
  labels: Type.Array(Place),
});
const Report = Compile(Type.Object({ diagnostics: Type.Array(Finding) }));

export type Finding = Static<typeof Finding>;

/**
 * The type checker is a Go program that keeps most of what it allocates: collecting garbage takes a quarter of its processor time, and saves
 * less than a fifth of its 2 GB.
 */
const seldomCollecting = { GOGC: '800', GOMEMLIMIT: '3GiB' };

/**
 * Check the types of files and lint them, by the configuration of the checkout.
 *
 * @param files at least one, from the top
 * @throws Error if the linter itself failed
 */
export async function findingsIn(root: string, files: readonly string[]): Promise<readonly Finding[]> {
  const program = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  // The configuration is TypeScript: this Node reads it.
  const child = spawn(process.execPath, [program, '--format', 'json', ...files], {
    cwd: root,
    env: { ...process.env, ...seldomCollecting },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [output, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const findings = parse(output);
  const isExpected = findings !== undefined && code === (findings.length > 0 ? 1 : 0);
  if (!isExpected) throw new Error(`oxlint failed with code ${String(code)}:\n${output.slice(0, 2000)}\n${complaint}`);
  return findings;
}

function parse(output: string): readonly Finding[] | undefined {
  try {
    return Report.Parse(JSON.parse(output)).diagnostics;
  } catch {
    return undefined;
  }
}

/** A finding as a line that editors and terminals make a link of. */
export function line({ filename, code, message, labels: [place] }: Finding): string {
  const { line, column } = place?.span ?? { line: 1, column: 1 };
  return `${filename}:${line}:${column}: ${message}${code === undefined ? '' : ` [${code}]`}`;
}
