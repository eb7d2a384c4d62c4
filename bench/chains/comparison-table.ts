// SPDX-License-Identifier: Apache-2.0

/** Cost of signing a run for one signer, from the start of its process. */
export interface Figures {
  /** The JSON of one run. */
  readonly runBytes: number;
  readonly runsPerSecond: number;
  /** CPU of the signer per run. */
  readonly signerMs: number;
  /** CPU of API server and etcd per run. */
  readonly serversMs: number;
  /** Requests to the API server per run. */
  readonly requests: number;
  readonly peakMiB: number;
}

const rows: readonly (readonly [title: string, figure: Exclude<keyof Figures, 'runBytes'>])[] = [
  ['runs/s', 'runsPerSecond'],
  ['CPU ms per run, signer', 'signerMs'],
  ['CPU ms per run, API server + etcd', 'serversMs'],
  ['API requests per run', 'requests'],
  ['peak memory, MiB', 'peakMiB'],
];

/** The figures of both signers, each the mean of its measurements, and their ratio, as a Markdown table. */
export function comparisonTable(
  title: string,
  { chains, hallmark }: { readonly chains: readonly Figures[]; readonly hallmark: readonly Figures[] },
): string {
  const kilobytes = ((hallmark[0]?.runBytes ?? 0) / 1000).toFixed(1);
  const lines = rows.map(([name, figure]) => {
    const [theirs, ours] = [mean(chains, figure), mean(hallmark, figure)];
    return `| ${name.padEnd(33)} | ${cell(theirs)} | ${cell(ours)} | ${(ours / theirs).toFixed(2).padStart(8)} |`;
  });
  const head = `| ${''.padEnd(33)} |   Chains | Hallmark |    ratio |`;
  return [
    `${title} (${kilobytes} kB each)`,
    '',
    head,
    `|${'-'.repeat(35)}|---------:|---------:|---------:|`,
    ...lines,
  ].join('\n');
}

function mean(measured: readonly Figures[], figure: keyof Figures): number {
  return measured.reduce((sum, figures) => sum + figures[figure], 0) / measured.length;
}

function cell(value: number): string {
  return value.toFixed(1).padStart(8);
}
