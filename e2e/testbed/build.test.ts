// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand, type CommandOutput } from './processes/run-command.ts';

const script = fileURLToPath(new URL('./build.ts', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'hallmark-build-test-'));

/** Runs the command with a cache of its own, but with the user's Go caches. */
function build(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandOutput> {
  const inherited = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  const clean = {
    ...inherited,
    HALLMARK_TESTBED_BIN: '',
    KUBEBUILDER_ASSETS: '',
    XDG_CACHE_HOME: directory,
    GOCACHE: goCache,
  };
  return runCommand(process.execPath, [script, ...args], { env: { ...clean, ...env }, timeoutSeconds: 600 });
}

const goCache = (
  await runCommand('go', ['env', 'GOCACHE'], { env: { HOME: process.env.HOME ?? '', PATH: process.env.PATH ?? '' } })
).stdout.trim();

describe('build.ts', () => {
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('builds once when two processes want the same thing, and tells what it does', async () => {
    const outputs = await Promise.all([build(['referrers-registry']), build(['referrers-registry'])]);
    const [path] = new Set(outputs.map(({ stdout }) => stdout.trim().split('\t')[1]));
    assert.ok(path !== undefined && existsSync(path));
    const log = outputs.map(({ stderr }) => stderr).join('');
    assert.equal(log.match(/building referrers-registry 0\.22\.1, usually \d+ s/g)?.length, 1);
    assert.equal(log.match(/waiting for another process's build/g)?.length, 1);
    assert.deepEqual(
      readdirSync(dirname(dirname(path))).filter((name) => name.startsWith('.') || name.endsWith('lock')),
      [],
    );
    assert.equal((await build(['referrers-registry'])).stderr, '');
  });

  it('takes a binary of the user instead of building', async () => {
    writeFileSync(join(directory, 'etcd'), '');
    const { stdout, stderr } = await build(['etcd'], { HALLMARK_TESTBED_BIN: directory });
    assert.equal(stdout, `etcd\t${join(directory, 'etcd')}\n`);
    assert.equal(stderr, '');
  });

  it('takes servers in the order in which they are named', async () => {
    for (const name of ['etcd', 'opa']) writeFileSync(join(directory, name), '');
    const { stdout } = await build(['opa', 'etcd'], { HALLMARK_TESTBED_BIN: directory });
    assert.deepEqual(stdout.match(/^\w+/gm), ['opa', 'etcd']);
  });

  it('names the remedy when there is no Go', async () => {
    await assert.rejects(build(['tag-registry'], { PATH: dirname(process.execPath) }), {
      stderr: /no usable go on the PATH.*install Go 1\.26 or later .* HALLMARK_TESTBED_BIN/s,
    });
  });

  it('names the remedy when Go is too old', async () => {
    const old = join(directory, 'go');
    writeFileSync(old, '#!/bin/sh\necho go1.21.5\n');
    chmodSync(old, 0o755);
    await assert.rejects(build(['tag-registry'], { PATH: `${directory}:/usr/bin:/bin` }), {
      stderr: /the go on the PATH is go1\.21\.5: install Go 1\.26 or later/,
    });
  });

  it('refuses a name that it does not know', async () => {
    await assert.rejects(build(['docker']), {
      exitCode: 2,
      stderr: /nothing is called docker; there are: (?:[-a-z0-9]+, )*etcd, kubernetes,/,
    });
  });
});
