// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { objectField, stringField } from '../../src/json/fields.ts';
import { at } from '../chart/helm.ts';
import type { Command } from '../testbed/binaries/catalog.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';

const gitops = join(import.meta.dirname, '..', '..', 'gitops');

/** A file of `gitops/`. */
export function shipped(...path: readonly string[]): string {
  return readFileSync(join(gitops, ...path), 'utf8');
}

/** The data of `argocd-cm`. */
type Settings = Readonly<Record<string, string>>;

/** The settings of Argo CD with what we ship for them, as docs/gitops.md has its administrator add it. */
export function withHallmark(settings: Settings): Settings {
  const data = objectField(parse(shipped('argocd', 'argocd-cm-patch.yaml')), 'data');
  const exclusions = `${settings['resource.exclusions'] ?? ''}\n${shipped('argocd', 'resource-exclusions.yaml')}`;
  const strings = Object.entries(data).map(([key, value]) => [key, String(value)] as const);
  return { ...settings, ...Object.fromEntries(strings), 'resource.exclusions': exclusions };
}

/** Health as Argo CD sees it: absent for an object that it has no rule for. */
export interface Health {
  readonly status: string;
  readonly message?: string;
}

/** The health of each object by Argo CD's own code, with the scripts that we ship. */
export async function argocdHealth(objects: readonly unknown[]): Promise<readonly (Health | undefined)[]> {
  const answers = await ask('argocd-health', { settings: withHallmark({}), objects });
  return answers.map(healthOf);
}

/** The status of each object by the library that Flux waits with. */
export async function kstatus(objects: readonly unknown[]): Promise<readonly string[]> {
  return (await ask('kstatus', objects)).map((answer) => String(at(answer, 'status')));
}

/** Reads objects of Flux's kinds with Flux's own types; throws on a field that they do not have. @returns their kinds */
export async function checkFlux(objects: readonly unknown[]): Promise<readonly string[]> {
  return (await ask('flux-check', objects)).map(String);
}

/** Health as Argo CD writes it. */
export function healthOf(value: unknown): Health | undefined {
  const status = stringField(value, 'status');
  if (status === undefined) return undefined;
  const message = stringField(value, 'message');
  return { status, ...(message === undefined ? {} : { message }) };
}

async function ask(command: Command, question: unknown): Promise<readonly unknown[]> {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const { stdout } = await runCommand(await ensureBinary(command), [], { env, stdin: JSON.stringify(question) });
  const answers: unknown = JSON.parse(stdout);
  if (!Array.isArray(answers)) throw new Error(`${command} answers ${stdout}`);
  return answers.map((answer: unknown) => answer);
}
