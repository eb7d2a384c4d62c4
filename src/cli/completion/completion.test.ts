// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Argument, Command, Option } from 'commander';
import { commandTree } from './command-tree.ts';
import { fishCompletion } from './fish-completion.ts';
import { zshCompletion } from './zsh-completion.ts';

const main = join(import.meta.dirname, '..', 'main.ts');

describe('the completion of bash', () => {
  let script = '';
  before(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'completion', 'bash'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    script = stdout;
  });

  /** The words that a real bash offers for the last of these. */
  function offered(...words: readonly string[]): readonly string[] {
    const set = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`;
    const ask = `${set}; _hallmark; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', `set -u\n${script}\n${ask}`], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr], [0, '']);
    return stdout.split('\n').filter((word) => word !== '');
  }

  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['hallmark', 'exp'], ['explain']],
    [['hallmark', 'verify', 're'], ['record']],
    [['hallmark', 'verify', 'record', 'x', '--certificate-identity-'], []],
    [['hallmark', 'get', '-n', 'team-a', '-o', 'b'], ['bundle']],
    [['hallmark', 'get', '--output', '=', 'st'], ['statement']],
    [
      ['hallmark', 'get', '--output', '='],
      ['text', 'statement', 'envelope', 'bundle', 'json', 'yaml'],
    ],
    [['hallmark', 'wait', 'run', '--for', 'st'], ['stored']],
    [['hallmark', 'wait', '--all'], []],
    [['hallmark', 'report', '--all'], ['--all-namespaces']],
    [['hallmark', 'sign', '--key', 'f'], []],
    [['hallmark', 'completion', 'z'], ['zsh']],
    [['hallmark', '--ver'], ['--version']],
  ];
  for (const [words, expected] of cases) {
    it(`offers ${expected.length === 0 ? 'files alone' : expected.join(', ')} for ${words.join(' ')}`, () => {
      assert.deepEqual(offered(...words), expected);
    });
  }

  it('offers every command', () => {
    const all = offered('hallmark', '');
    for (const command of ['preview', 'get', 'wait', 'doctor', 'report', 'lint', 'backfill'])
      assert.ok(all.includes(command));
  });
});

describe('the completion of other shells', () => {
  const program = new Command('hallmark').addCommand(
    new Command('get')
      .summary("find a team's record")
      .addArgument(new Argument('<what>', 'what').choices(['run', 'image']))
      .addOption(new Option('-o, --output <format>', 'the "format"').choices(['json', 'yaml']))
      .option('-f, --file <file>', 'a file')
      .addOption(new Option('--secret').hideHelp()),
  );
  const tree = commandTree(program);

  it('has the commands, values and options of the parser, without hidden ones', () => {
    assert.deepEqual(
      tree.map(({ path, subcommands, choices }) => ({ path, subcommands, choices })),
      [
        { path: [], subcommands: ['get'], choices: [] },
        { path: ['get'], subcommands: [], choices: ['run', 'image'] },
      ],
    );
    assert.deepEqual(
      tree[1]?.options.map(({ flags }) => flags),
      [
        ['-o', '--output'],
        ['-f', '--file'],
        ['-h', '--help'],
      ],
    );
  });

  it('is quoted for fish', () => {
    const lines = fishCompletion(tree).split('\n');
    assert.ok(lines.includes(`complete -c hallmark -n '__hallmark_at \\'\\'' -a 'get' -d 'find a team\\'s record'`));
    assert.ok(
      lines.includes(
        `complete -c hallmark -n '__hallmark_at \\'get\\'' -s 'o' -l 'output' -x -a 'json yaml' -d 'the "format"'`,
      ),
    );
    assert.ok(lines.includes(`complete -c hallmark -n '__hallmark_at \\'get\\'' -s 'f' -l 'file' -r -d 'a file'`));
    assert.ok(lines.includes(`complete -c hallmark -n '__hallmark_at \\'\\'' -f`), 'no files where a command is named');
  });

  it('is a function of zsh with the same words', () => {
    const script = zshCompletion(tree);
    assert.match(script, /^#compdef hallmark\n/);
    assert.match(script, /'get -o' \| 'get --output'\) candidates=\('json' 'yaml'\) ;;/);
    assert.match(script, /'get'\) candidates=\('run' 'image' '-o' '--output' '-f' '--file' '-h' '--help'\) ;;/);
  });
});
