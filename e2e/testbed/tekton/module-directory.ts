// SPDX-License-Identifier: Apache-2.0
import { requireGo } from '../binaries/go-toolchain.ts';
import { runCommand } from '../processes/run-command.ts';

/** The folder of a Go module that `folder` requires, in Go's module cache; downloaded when it is not there. */
export async function moduleDirectory(folder: string, modulePath: string): Promise<string> {
  await requireGo(folder);
  // Go needs the user's own HOME and proxy settings to find its cache.
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
  const args = ['mod', 'download', '-json', modulePath];
  const { stdout } = await runCommand('go', args, { cwd: folder, env: { ...env, GOWORK: 'off' }, timeoutSeconds: 300 });
  const answer: unknown = JSON.parse(stdout);
  if (answer !== null && typeof answer === 'object' && 'Dir' in answer && typeof answer.Dir === 'string')
    return answer.Dir;
  throw new Error(`go mod download -json ${modulePath} named no folder: ${stdout}`);
}
