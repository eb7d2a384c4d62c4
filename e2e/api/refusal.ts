// SPDX-License-Identifier: Apache-2.0
import type { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { CommandFailed } from '../testbed/processes/run-command.ts';

/** The error output of kubectl when the API server refused, or undefined when the command succeeded. */
export async function refusal(
  plane: ControlPlane,
  args: readonly string[],
  manifest?: unknown,
): Promise<string | undefined> {
  try {
    await plane.kubectl(args, manifest === undefined ? {} : { stdin: JSON.stringify(manifest) });
    return undefined;
  } catch (error) {
    if (error instanceof CommandFailed) return error.stderr;
    throw error;
  }
}
