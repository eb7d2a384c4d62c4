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

/** The series of Prometheus after two scrapes a minute apart, and no change after that, with the labels that it adds. */
export function scrapedSeries(first: string, second: string, target: string): readonly Series[] {
  const nameOf = ({ family, labels }: Sample): string => `${family}{${labels === '' ? '' : `${labels},`}${target}}`;
  const earlier = new Map(samplesOf(first).map((sample) => [nameOf(sample), sample.value]));
  return samplesOf(second).map((sample) => {
    const series = nameOf(sample);
    return { series, values: `${earlier.get(series) ?? '_'} ${sample.value}x120` };
  });
}
