// SPDX-License-Identifier: Apache-2.0

/** The sum of a counter's series for each value of one of its labels. */
export function metricSums(metrics: string, counter: string, label: string): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const series = new RegExp(`^${counter}\\{.*?${label}="([^"]*)".*\\} (\\S+)$`).exec(line);
    if (series?.[1] !== undefined) totals.set(series[1], (totals.get(series[1]) ?? 0) + Number(series[2]));
  }
  return totals;
}
