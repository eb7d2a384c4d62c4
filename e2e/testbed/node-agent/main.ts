// SPDX-License-Identifier: Apache-2.0
// The node agent as a process of its own:
//   node e2e/testbed/node-agent/main.ts --kubeconfig FILE [--node-name NAME] [--images FILE] [--logs FOLDER] [--tekton-execute]
// where the images file is JSON: {"registry.example/hallmark": {"command": ["node", "src/main.ts"], "cwd": "…", "env": {}}}.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Type from 'typebox';
import Value from 'typebox/value';
import { startNodeAgent } from './node-agent.ts';

const Images = Type.Record(
  Type.String(),
  Type.Object({
    command: Type.Array(Type.String(), { minItems: 1 }),
    cwd: Type.Optional(Type.String()),
    env: Type.Optional(Type.Record(Type.String(), Type.String())),
    withContainerCommand: Type.Optional(Type.Boolean()),
  }),
);

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    'node-name': { type: 'string', default: 'testbed' },
    images: { type: 'string' },
    logs: { type: 'string' },
    'tekton-execute': { type: 'boolean', default: false },
  },
});
const kubeconfigPath = values.kubeconfig ?? process.env.KUBECONFIG;
if (kubeconfigPath === undefined) throw new Error('give --kubeconfig or set KUBECONFIG');
const images: unknown = values.images === undefined ? {} : JSON.parse(readFileSync(values.images, 'utf8'));
if (!Value.Check(Images, images)) throw new Error(`${values.images ?? ''} is no map of image prefixes to processes`);

const agent = await startNodeAgent({
  kubeconfigPath,
  nodeName: values['node-name'],
  images,
  tekton: { execute: values['tekton-execute'] },
  ...(values.logs === undefined ? {} : { logDirectory: values.logs }),
});
process.stdout.write(`ready: node ${agent.nodeName}, logs in ${agent.logDirectory}\n`);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void agent.stop();
  });
}
