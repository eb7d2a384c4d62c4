// SPDX-License-Identifier: Apache-2.0
// Starts a control plane and stays: `node e2e/testbed/serve.ts`. Ctrl-C ends it and removes its data.
import { ControlPlane } from './control-plane/control-plane.ts';
import { Supervisor } from './processes/supervisor.ts';
import { Tekton } from './tekton/tekton.ts';

const supervisor = new Supervisor('serve');
const plane = await ControlPlane.start(supervisor);
process.stdout.write(`export KUBECONFIG=${plane.kubeconfigPath}\n`);
if (process.argv.includes('--tekton')) await Tekton.start(plane, supervisor);
process.stdout.write('ready\n');
setInterval(() => undefined, 3_600_000);
