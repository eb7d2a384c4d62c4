// SPDX-License-Identifier: Apache-2.0
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { ended, type Ended } from '../verify/verify-bed.ts';
import { commandProgram } from './command-program.ts';
import type { Installation } from './installation.ts';
import type { Team } from './team.ts';

/** The command as users run it, with the cluster's kubeconfig. */
export function hallmarkCommand({ plane }: Installation, ...args: readonly string[]): Promise<Ended> {
  const env = { ...compileCache(), KUBECONFIG: plane.kubeconfigPath, PATH: process.env['PATH'] ?? '' };
  return ended(runCommand(process.execPath, [commandProgram, ...args], { env }));
}

/** Returns true when `hallmark verify` accepts an image by the keys that the team's policy publishes; throws when it could not check. */
export async function isVerifiedByPolicy(installation: Installation, team: Team, image: string): Promise<boolean> {
  const args = ['verify', 'image', image, '--policy', 'builds', '-n', team.name];
  const { code, out, err } = await hallmarkCommand(installation, ...args);
  if (code > 1) throw new Error(`hallmark verify ended with ${code}: ${out}${err}`);
  return code === 0;
}
