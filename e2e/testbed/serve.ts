// SPDX-License-Identifier: Apache-2.0
// Starts a control plane and stays: `node e2e/testbed/serve.ts [--tekton] [--registry] [--tag-registry]`.
// Ctrl-C (or the end of this process, however it comes) ends it and removes its data.
import { commandLine } from './command-line.ts';
import { Testbed } from './testbed.ts';

const usage = 'usage: node e2e/testbed/serve.ts [--tekton] [--registry] [--tag-registry]\n';
const flags = new Set(process.argv.slice(2));
const known = ['--tekton', '--registry', '--tag-registry'];

if ([...flags].some((flag) => !known.includes(flag))) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  await commandLine(serve);
}

async function serve(): Promise<void> {
  const testbed = await Testbed.start({
    label: 'serve',
    tekton: flags.has('--tekton'),
    // Tekton's pods end well, or as their runs' annotations say; other pods have no image here.
    ...(flags.has('--tekton') ? { nodeAgent: { images: {}, tekton: { execute: true } } } : {}),
    registries: [
      ...(flags.has('--registry') ? [{ referrers: true }] : []),
      ...(flags.has('--tag-registry') ? [{ referrers: false }] : []),
    ],
  });
  for (const { host } of testbed.registries) process.stdout.write(`# registry: http://${host}\n`);
  process.stdout.write(`export KUBECONFIG=${testbed.plane.kubeconfigPath}\n`);
  const keepAlive = setInterval(() => undefined, 3_600_000);
  const end = (): void => {
    clearInterval(keepAlive);
    void testbed.stop();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
