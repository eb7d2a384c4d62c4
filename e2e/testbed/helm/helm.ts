// SPDX-License-Identifier: Apache-2.0
import { ensureBinary } from '../binaries/ensure-binary.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { runCommand, type CommandOutput } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';

export interface HelmOptions {
  readonly stdin?: string;
  readonly timeoutSeconds?: number;
}

/** Runs the real helm as the administrator of a control plane, with a home of its own. */
export async function helm(
  plane: ControlPlane,
  supervisor: Supervisor,
  args: readonly string[],
  options: HelmOptions = {},
): Promise<CommandOutput> {
  const env = { ...supervisor.environment(), KUBECONFIG: plane.kubeconfigPath };
  return runCommand(await ensureBinary('helm'), args, { timeoutSeconds: 300, ...options, env });
}
