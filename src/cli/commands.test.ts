// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Command } from 'commander';
import { commands } from './commands.ts';
import { exitCodeOf } from './usage-exit.ts';

/** A command that does something, with its words after `hallmark`. */
interface Leaf {
  readonly words: readonly string[];
  readonly command: Command;
  readonly help: string;
}

function leavesOf(command: Command, before: readonly string[] = []): readonly Leaf[] {
  const words = [...before, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((inner) => leavesOf(inner, words));
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), writeErr: () => undefined }).outputHelp();
  return [{ words, command, help }];
}

/** The words after `hallmark` of each example. Quotes and pipes are those of a shell. */
function examplesOf(help: string): readonly (readonly string[])[] {
  return [...help.matchAll(/^ {2}\$ (.*)$/gm)]
    .flatMap(([, line = '']) => line.split('|'))
    .map((part) => /(?:^|[\s(])hallmark ([^)>#]*)/.exec(part)?.[1])
    .filter((part) => part !== undefined)
    .map((part) => part.trim().split(/\s+/));
}

describe('each command', () => {
  const leaves: Leaf[] = [];
  before(async () => {
    for (const load of commands.values()) leaves.push(...leavesOf(await load()));
  });

  it('has examples of itself in its help, which the parser takes', () => {
    assert.ok(leaves.length > commands.size);
    for (const { words, command, help } of leaves) {
      const own = examplesOf(help).filter((example) => words.every((word, index) => example[index] === word));
      assert.ok(own.length > 0, `hallmark ${words.join(' ')} has no example`);
      for (const example of own) {
        const { operands, unknown } = command.parseOptions(example.slice(words.length));
        assert.deepEqual(unknown, [], example.join(' '));
        const taken = command.registeredArguments;
        const most = taken.some(({ variadic }) => variadic) ? Infinity : taken.length;
        const least = taken.filter(({ required }) => required).length;
        assert.ok(operands.length >= least && operands.length <= most, example.join(' '));
      }
    }
  });

  it('that asks a cluster has the same options for it', () => {
    for (const { words, command } of leaves) {
      const flags = command.options.map(({ flags: text }) => text);
      if (!flags.some((text) => text.startsWith('--context'))) continue;
      assert.ok(flags.includes('-n, --namespace <name>'), words.join(' '));
    }
  });
});

describe('a command without a cluster', () => {
  const names = ['KUBECONFIG', 'HOME', 'KUBERNETES_SERVICE_HOST'] as const;
  let kept: readonly (string | undefined)[];
  let home = '';
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'hallmark-home-'));
  });
  after(() => {
    rmSync(home, { recursive: true });
  });
  beforeEach(() => {
    kept = names.map((name) => process.env[name]);
    for (const name of names) Reflect.deleteProperty(process.env, name);
    process.env['HOME'] = home;
  });
  afterEach(() => {
    for (const [index, name] of names.entries()) {
      const value = kept[index];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  /** Ends as the process would: the code, and the failure with its prefix. */
  async function ended(line: string): Promise<readonly [number, string]> {
    const [first = '', ...others] = line.split(' ');
    const command = await commands.get(first)?.();
    assert.ok(command !== undefined);
    let err = '';
    const silent = { writeOut: () => undefined, writeErr: (text: string) => (err += text) };
    for (const each of [command, ...command.commands]) each.configureOutput(silent);
    try {
      await command.parseAsync(others, { from: 'user' });
      return [Number(process.exitCode ?? 0), err];
    } catch (error) {
      return [exitCodeOf(error), err === '' ? `error: ${error instanceof Error ? error.message : ''}` : err];
    } finally {
      process.exitCode = undefined;
    }
  }

  for (const line of [
    ...['get x', 'wait x', 'doctor', 'report', 'explain x', 'backfill x', 'release-runs', 'compare', 'trust x -o opa'],
    ...['verify record x', 'verify run taskrun/x --policy builds', 'verify image r.example/x:v1 --policy builds'],
  ]) {
    it(`ends with 3 and says that there is no kubeconfig: ${line}`, async () => {
      const [code, err] = await ended(line);
      assert.equal(code, 3);
      assert.match(err, /^error: .*no kubeconfig: set KUBECONFIG, or create ~\/\.kube\/config/);
    });
  }

  for (const line of [
    ...['get', 'get A_B', 'get sha256:00', 'get x --bogus', 'wait A_B', 'wait pod/x', 'wait x --timeout soon'],
    ...['doctor -o html', 'report -o xml', 'explain pod/x', 'backfill pod/x', 'release-runs --annotations'],
    ...['compare --since soon', 'trust x -o none', 'verify record', 'verify image r.example/x:v1', 'keygen --name A_B'],
    ...['migrate -f nowhere.yaml', 'migrate -f x -n A_B', 'lint nowhere.yaml', 'completion tcsh'],
    ...['preview -f nowhere.yaml', 'sign -f nowhere.yaml --policy nowhere.yaml --key nowhere.pem'],
  ]) {
    it(`ends with 2 for a wrong command line or file: ${line}`, async () => {
      const [code, err] = await ended(line);
      assert.deepEqual([code, err.slice(0, 'error: '.length)], [2, 'error: ']);
    });
  }
});

describe('hallmark help', () => {
  const main = join(import.meta.dirname, 'main.ts');

  it('knows inner commands, and refuses those that there are not', () => {
    const help = (...words: readonly string[]) =>
      spawnSync(process.execPath, [main, 'help', ...words], { encoding: 'utf8' });
    assert.match(help('verify', 'image').stdout, /^Usage: hallmark verify image /);
    const { status, stdout, stderr } = help('nowhere');
    assert.deepEqual([status, stdout, stderr], [2, '', "error: unknown command 'nowhere'\n"]);
  });
});
