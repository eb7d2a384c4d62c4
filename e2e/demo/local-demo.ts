// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { asManifest, at } from '../chart/helm.ts';
import { commandProgram } from '../harness/command-program.ts';
import { Installation } from '../harness/installation.ts';
import { signaturesOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import type { Build, Team } from '../harness/team.ts';
import { isVerified, verifyImage } from '../harness/verify-image.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { castFile } from './cast.ts';
import { castSvg } from './cast-svg.ts';
import { Narrator } from './narrator.ts';

const STEPS = 6;

/**
 * The main job on a machine without a cluster: everything real, everything local, nothing left behind but the cache.
 * @param record writes the output to `<record>.cast` and as a picture to `<record>.svg`
 */
export async function localDemo(record?: string): Promise<void> {
  const narrator = new Narrator(STEPS);
  narrator.step('a control plane, Tekton, a registry and cosign (built from source the first time), and the chart');
  const installation = await Installation.start({ label: 'demo', chartKinds: true, registries: [{ referrers: true }] });
  let isFailure = true;
  try {
    await show(installation, narrator);
    isFailure = false;
  } finally {
    await installation.stop({ isFailure });
  }
  narrator.end(`Done in ${narrator.seconds} s. Everything is stopped; the built programs stay in the cache.`);
  if (record !== undefined) writeRecording(record, narrator);
}

function writeRecording(path: string, { events }: Narrator): void {
  const cast = { width: 128, height: 22, title: 'npm run demo', idleSeconds: 2, events };
  writeFileSync(`${path}.cast`, castFile(cast));
  writeFileSync(`${path}.svg`, castSvg(cast));
}

async function show(installation: Installation, narrator: Narrator): Promise<void> {
  narrator.command('helm install hallmark ./helm/hallmark --namespace hallmark-system --create-namespace');
  const pods = await installation.kubectl(['get', 'pods', '-n', 'hallmark-system']);
  narrator.command('kubectl get pods -n hallmark-system', pods.stdout);

  narrator.step("a team's key, backends and policy");
  const team = await installation.team({ name: 'team-a', keyData: await newKeySecret() });
  await team.untilReady();
  narrator.command('kubectl apply -f samples/team-a/00-namespace.yaml');
  narrator.command('bin/hallmark keygen -n team-a | kubectl apply -f -');
  narrator.command('kubectl apply -f samples/team-a');
  const policies = await installation.kubectl(['get', 'signingpolicies,storagebackends', '-n', 'team-a']);
  narrator.command('kubectl -n team-a get signingpolicies,storagebackends', policies.stdout);

  narrator.step('Tekton runs a TaskRun and a PipelineRun');
  const builds = [await team.build({ name: 'bake-1' }), await team.build({ name: 'bakery-1', kind: 'PipelineRun' })];
  const runs = await installation.kubectl(['get', 'taskruns,pipelineruns', '-n', 'team-a']);
  narrator.command('kubectl -n team-a get taskruns,pipelineruns', runs.stdout);

  narrator.step('Hallmark has signed them');
  await installation.kubectl([
    'wait',
    '-n',
    'team-a',
    'provenancerecords',
    '--all',
    '--for=condition=Ready',
    '--timeout=120s',
  ]);
  for (const build of builds) await team.readyRecord(build);
  narrator.command('kubectl -n team-a wait provenancerecords --all --for=condition=Ready');
  const records = await installation.kubectl(['get', 'provenancerecords', '-n', 'team-a']);
  narrator.command('kubectl -n team-a get provenancerecords', records.stdout);

  narrator.step("cosign verifies the image with the team's public key");
  await verify(installation, team, narrator, builds);
  narrator.step('and refuses any other key');
  await refuse(installation, narrator, builds);
}

/** The content of the Secret that `hallmark keygen` prints. */
async function newKeySecret(): Promise<Readonly<Record<string, string>>> {
  const env = { ...compileCache(), PATH: process.env['PATH'] ?? '' };
  const { stdout } = await runCommand(process.execPath, [commandProgram, 'keygen', '-n', 'team-a'], { env });
  const data = Object.entries(asManifest(asManifest(parse(stdout))['data']));
  return Object.fromEntries(data.map(([name, base64]) => [name, Buffer.from(String(base64), 'base64').toString()]));
}

async function verify(
  installation: Installation,
  team: Team,
  narrator: Narrator,
  builds: readonly Build[],
): Promise<void> {
  const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'team-a']);
  const publicKey = String(at(policy, 'status', 'publicKey'));
  narrator.command("kubectl -n team-a get signingpolicy builds -o jsonpath='{.status.publicKey}' > team-a.pub");
  for (const build of builds) {
    const image = build.image.reference;
    for (const command of ['verify', 'verify-attestation'] as const) {
      // PipelineRuns attest; the images themselves are signed for the TaskRuns that built them.
      const { stderr } = await verifyImage(installation.testbed, { command, publicKey, image });
      const type = command === 'verify-attestation' ? ' --type slsaprovenance1' : '';
      const checks = stderr
        .split('\n')
        .filter((line) => line.startsWith('  - ') || line.startsWith('Verification for'));
      narrator.command(
        `cosign ${command} --key team-a.pub${type} --insecure-ignore-tlog=true ${image}`,
        checks.join('\n'),
      );
    }
    const record = await team.readyRecord(build);
    narrator.say(
      `${build.kind} ${build.name}: recorded in ${record.metadata.name}; signatures: ${Object.keys(signaturesOf(record)).length}`,
    );
  }
}

async function refuse(installation: Installation, narrator: Narrator, builds: readonly Build[]): Promise<void> {
  const { publicKey } = newSigningKey();
  for (const { image } of builds) {
    for (const command of ['verify', 'verify-attestation'] as const) {
      if (await isVerified(installation.testbed, { command, publicKey, image: image.reference })) {
        throw new Error(`cosign ${command} accepted ${image.reference} with a key that signed nothing`);
      }
    }
    narrator.say(`${image.reference}: no matching signatures, no matching attestations`);
  }
}
