// SPDX-License-Identifier: Apache-2.0
// `npm run demo`: the main job, on this machine alone or, with --context and --registry, on a cluster of the user's.
import { parseArgs } from 'node:util';
import { clusterDemo } from './demo/cluster-demo.ts';
import { localDemo } from './demo/local-demo.ts';

const usage = `usage: npm run demo [-- --record PATH | --context NAME --registry URL]

  --record PATH    writes the demo to PATH.cast (asciicast v2), and as a picture to PATH.svg
  --context NAME   a context of your kubeconfig whose cluster runs Tekton Pipelines
  --registry URL   where the demo pushes its image: https://registry.example/project (http:// for a plain one);
                   credentials come from HALLMARK_DEMO_REGISTRY_USERNAME and HALLMARK_DEMO_REGISTRY_PASSWORD
`;

interface DemoOptions {
  readonly context?: string | undefined;
  readonly registry?: string | undefined;
  readonly record?: string | undefined;
}

function options(): DemoOptions | undefined {
  try {
    const names = { context: { type: 'string' }, registry: { type: 'string' }, record: { type: 'string' } } as const;
    const { values } = parseArgs({ options: names });
    const isWhole = (values.context === undefined) === (values.registry === undefined);
    return isWhole && (values.context === undefined || values.record === undefined) ? values : undefined;
  } catch {
    return undefined;
  }
}

const given = options();
if (given === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const { context, registry, record } = given;
  try {
    if (context !== undefined && registry !== undefined) await clusterDemo({ context, registry });
    else await localDemo(record);
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
