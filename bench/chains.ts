// SPDX-License-Identifier: Apache-2.0
// Compares Hallmark with Tekton Chains: the same finished runs of 8 kB on the same fresh control plane without Tekton's webhooks, one signer
// after the other, twice in alternation. `npm run bench -- chains`, or `node bench/chains.ts [RUNS [NAMESPACES [SUBJECT]]] [--write]`.
import { bundledOperator } from '../e2e/harness/bundle.ts';
import { Installation } from '../e2e/harness/installation.ts';
import { newSigningKey } from '../e2e/harness/signing-key.ts';
import { adminClient } from '../e2e/resilience/admin-client.ts';
import { processUsage } from '../e2e/resilience/process-usage.ts';
import { waitUntil } from '../e2e/testbed/processes/wait-until.ts';
import type { RunKind } from '../src/api/v1alpha1/kinds.ts';
import { makeFinishedRuns } from './chains/finished-runs.ts';
import { startPeer, type PeerName, type Storage } from './chains/peers.ts';
import { apiRequests } from './chains/api-requests.ts';
import { comparisonTable, type Figures } from './chains/comparison-table.ts';
import { benchArguments, publishTable } from './page/publish-table.ts';
import { METRICS_INTERVAL_MS, pidOf } from './measured-processes.ts';

interface Subject {
  readonly shape: RunKind;
  readonly storage: Storage;
}

const subjects: readonly Subject[] = [
  { shape: 'TaskRun', storage: 'Tekton' },
  { shape: 'TaskRun', storage: 'OCI tags' },
  { shape: 'TaskRun', storage: 'bundles' },
  { shape: 'PipelineRun', storage: 'Tekton' },
  { shape: 'PipelineRun', storage: 'OCI tags' },
];
/** Each signer is measured twice, the first one last, so that a machine that slows down favours neither. */
const alternation: readonly PeerName[] = ['Chains', 'Hallmark', 'Hallmark', 'Chains'];

const [runs = 1000, namespaces, subjectIndex] = benchArguments.map(Number);
const usage = `usage: node bench/chains.ts [RUNS [NAMESPACES [SUBJECT]]], with SUBJECT below ${subjects.length}`;
if (![runs, namespaces ?? 1, subjectIndex ?? 0].every((value) => Number.isInteger(value) && value >= 0) || runs < 1)
  throw new Error(usage);

const program = await bundledOperator();
for (const [index, subject] of subjects.entries()) {
  if (subjectIndex !== undefined && subjectIndex !== index) continue;
  for (const count of namespaces === undefined ? [1, 10] : [namespaces]) {
    const figures: (Figures & { readonly peer: PeerName })[] = [];
    for (const peer of alternation) figures.push({ peer, ...(await measure(peer, subject, count)) });
    const of = (name: PeerName): readonly Figures[] => figures.filter(({ peer }) => peer === name);
    const title = `${runs} finished ${subject.shape}s in ${count} namespaces, ${subject.storage}`;
    const table = comparisonTable(title, { chains: of('Chains'), hallmark: of('Hallmark') });
    const id = `chains-${subject.shape}-${subject.storage.replace(' ', '-')}-${count}`.toLowerCase();
    await publishTable({ id, lines: table.split('\n') });
  }
}

async function measure(name: PeerName, { shape, storage }: Subject, count: number): Promise<Figures> {
  // go-containerregistry's: distribution would take more of the two cores than signer, API server and etcd together need for a run.
  const registries = [{ referrers: true }];
  const installation = await Installation.start({
    ...{ label: 'bench-chains', replicas: 0, tekton: 'Kinds', registries, ownControlPlane: true },
  });
  try {
    const key = newSigningKey();
    const backend = storage === 'Tekton' ? 'tekton' : 'registry';
    const teams = [];
    for (let index = 0; index < count; index += 1) {
      const imageSignatures = { formats: [storage === 'bundles' ? 'SigstoreStatement' : 'SimpleSigning'] };
      const policy = { selector: {}, runs: { kinds: [shape] }, imageSignatures };
      const team = await installation.team({ name: `team-${index}`, backends: [backend], policy });
      if (storage === 'bundles') {
        await installation.patch(team.name, 'storagebackend/registry', {
          spec: { oci: { encoding: 'SigstoreBundle' } },
        });
      }
      teams.push(team);
    }
    const bytes = await makeFinishedRuns(adminClient(installation.plane), { shape, count: runs, teams });
    const { directory } = installation.testbed.supervisor;
    const servers = [pidOf('kube-apiserver', directory), pidOf('etcd', directory)];
    const cpuOfServers = (): number => servers.reduce((sum, pid) => sum + processUsage(pid).cpuSeconds, 0);
    const before = { cpu: cpuOfServers(), requests: await apiRequests(installation.plane), ms: performance.now() };
    const peer = await startPeer[name]({ installation, storage, shape, privateKey: key.privateKey, program });
    const isDone = async (): Promise<boolean> => (await peer.signedCount()) >= runs;
    const patience = { timeoutSeconds: 1200, intervalMilliseconds: METRICS_INTERVAL_MS };
    await waitUntil(`${name} has signed ${runs} runs`, isDone, patience);
    const seconds = (performance.now() - before.ms) / 1000;
    const { cpuSeconds, peakResidentBytes } = processUsage(peer.pid);
    const serverSeconds = cpuOfServers() - before.cpu;
    const requests = (await apiRequests(installation.plane)) - before.requests;
    await peer.stop();
    return {
      runBytes: bytes,
      runsPerSecond: runs / seconds,
      signerMs: (cpuSeconds * 1000) / runs,
      serversMs: (serverSeconds * 1000) / runs,
      requests: requests / runs,
      peakMiB: peakResidentBytes / 1024 / 1024,
    };
  } finally {
    await installation.stop();
  }
}
