// SPDX-License-Identifier: Apache-2.0
import { Storage } from '@google-cloud/storage';
import { at } from '../chart/helm.ts';
import type { Ledger, Obligation } from './ledger.ts';
import { BUCKET, type SoakBed } from './soak-bed.ts';

/** Compares what the registry and the bucket hold, asked by other clients than the operator's, with what the ledger saw signed. */
export async function storedDifferences(bed: SoakBed, ledger: Ledger): Promise<readonly string[]> {
  const differences: string[] = [];
  const archived = new Map<string, Obligation>();
  for (const obligation of ledger.obligations) {
    if (obligation.policy === 'archive') archived.set(archiveName(obligation), obligation);
    else differences.push(...(await inRegistry(bed, ledger, obligation)));
  }
  return [...differences, ...(await inBucket(bed, ledger, archived))];
}

/** One signature and one statement for each image: each run built an image of its own. */
async function inRegistry(bed: SoakBed, ledger: Ledger, obligation: Obligation): Promise<readonly string[]> {
  const { namespace, imageDigest, run } = obligation;
  const found = bed.teams.find(({ team }) => team.name === namespace);
  if (found === undefined) throw new Error(`${namespace} is no team of this soak`);
  const { team } = found;
  const digest = `sha256:${imageDigest}`;
  const image = { digest, reference: `${team.registry.host}/${namespace}/app@${digest}` };
  const signatures = await team.imageSignatures(image);
  const statements = await team.statementSignatures(image);
  const isExact = signatures.length === 1 && statements.length === 1;
  if (isExact && statements[0] === ledger.signatureOf(obligation)) return [];
  const which = isExact ? 'another signature than its record' : 'not one of each';
  return [
    `${namespace}/${run}: the registry holds ${signatures.length} signatures and ${statements.length} statements, ${which}`,
  ];
}

async function inBucket(
  bed: SoakBed,
  ledger: Ledger,
  archived: ReadonlyMap<string, Obligation>,
): Promise<readonly string[]> {
  const [files] = await new Storage({ apiEndpoint: bed.gcs.url, projectId: BUCKET }).bucket(BUCKET).getFiles();
  const found = new Map<string, string[]>();
  for (const file of files) {
    if (!file.name.endsWith('.signature')) continue;
    const run = file.name.split('/')[0] ?? '';
    const envelope: unknown = JSON.parse((await file.download({ validation: false }))[0].toString('utf8'));
    found.set(run, [...(found.get(run) ?? []), String(at(envelope, 'signatures', 0, 'sig'))]);
  }
  const differences = [...archived].flatMap(([name, obligation]) => {
    const signatures = found.get(name) ?? [];
    if (signatures.length === 1 && signatures[0] === ledger.signatureOf(obligation)) return [];
    return [
      `${obligation.namespace}/${obligation.run}: the bucket holds ${signatures.length} statements, or another signature`,
    ];
  });
  const foreign = [...found.keys()].filter((name) => !archived.has(name));
  return [
    ...differences,
    ...foreign.map((name) => `${name}: the bucket holds it and no run of this soak asked for it`),
  ];
}

/** The folder of a run's objects, as Chains names it. */
function archiveName({ namespace, run }: Obligation): string {
  return `taskrun-${namespace}-${run}`;
}
