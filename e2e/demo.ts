// SPDX-License-Identifier: Apache-2.0
// `npm run demo`: the main job, on this machine alone or, with --context and --registry, on a cluster of the user's.
import { parseArgs } from 'node:util';
import { clusterDemo } from './demo/cluster-demo.ts';
import { localDemo } from './demo/local-demo.ts';

const usage = `usage: npm run demo [-- --context NAME --registry URL]

  --context NAME   a context of your kubeconfig whose cluster runs Tekton Pipelines
  --registry URL   where the demo pushes its image: https://registry.example/project (http:// for a plain one);
                   credentials come from HALLMARK_DEMO_REGISTRY_USERNAME and HALLMARK_DEMO_REGISTRY_PASSWORD
`;

function options(): { readonly context?: string | undefined; readonly registry?: string | undefined } | undefined {
  try {
    const { values } = parseArgs({ options: { context: { type: 'string' }, registry: { type: 'string' } } });
    return (values.context === undefined) === (values.registry === undefined) ? values : undefined;
  } catch {
    return undefined;
  }
}

const given = options();
if (given === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const { context, registry } = given;
  try {
    if (context !== undefined && registry !== undefined) await clusterDemo({ context, registry });
    else await localDemo();
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
