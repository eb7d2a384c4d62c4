// SPDX-License-Identifier: Apache-2.0
// `npm run dev`: an installation to work with, left running until Ctrl-C.
import { Installation } from './harness/installation.ts';

const installation = await Installation.start({
  label: 'dev',
  chartKinds: true,
  registries: [{ referrers: true }],
  replicas: 1,
});
const team = await installation.team({ name: 'team-a' });
await team.untilReady();

console.log(`
Hallmark runs in hallmark-system; namespace team-a has a key, backends and a policy; the registry is http://${team.registry.host}

export KUBECONFIG=${installation.plane.kubeconfigPath}

Steps of Tekton are not executed here: annotate a run with
  testbed.hallmark.dev/results: '{"IMAGE_URL":"${team.registry.host}/team-a/app","IMAGE_DIGEST":"sha256:…"}'
to say what it built. Ctrl-C ends everything.`);

const keepAlive = setInterval(() => undefined, 3_600_000);
const end = (): void => {
  clearInterval(keepAlive);
  void installation.stop();
};
process.once('SIGINT', end);
process.once('SIGTERM', end);
