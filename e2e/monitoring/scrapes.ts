// SPDX-License-Identifier: Apache-2.0
import type { Series } from './promtool.ts';

/** One series of a scrape. */
interface Sample {
  readonly family: string;
  /** The labels between the braces; empty where there are none. */
  readonly labels: string;
  readonly value: string;
}

/** The series of an answer of `/metrics`. */
export function samplesOf(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, family, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return family === undefined || value === undefined ? [] : [{ family, labels, value }];
  });
}

/** The names of the labels of a series. */
export function labelNames({ labels }: Pick<Sample, 'labels'>): readonly string[] {
  return [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, name = '']) => name);
}

/** The labels that a ServiceMonitor adds to the series of one replica, where the series have none of the name. */
export type Target = Readonly<Record<string, string>>;

/** The series of Prometheus after two scrapes a minute apart, and no change after that. */
export function scrapedSeries(first: string, second: string, target: Target): readonly Series[] {
  const nameOf = (sample: Sample): string => {
    const own = labelNames(sample);
    const added = Object.entries(target).flatMap(([name, value]) => (own.includes(name) ? [] : `${name}="${value}"`));
    return `${sample.family}{${[sample.labels, ...added].filter((labels) => labels !== '').join()}}`;
  };
  const earlier = new Map(samplesOf(first).map((sample) => [nameOf(sample), sample.value]));
  return samplesOf(second).map((sample) => {
    const series = nameOf(sample);
    return { series, values: `${earlier.get(series) ?? '_'} ${sample.value}x120` };
  });
}
