// SPDX-License-Identifier: Apache-2.0
import type { NodeAgent } from '../testbed/node-agent/node-agent.ts';
import { releaseNamespace } from './helm.ts';

/** The lines of the metrics of all operator pods that run, as Prometheus would read them, without comments. */
export async function scrapedMetrics(node: NodeAgent): Promise<readonly string[]> {
  const ports = node
    .pods()
    .filter(({ namespace }) => namespace === releaseNamespace)
    .flatMap(({ containers }) => containers.flatMap(({ ports: { 9090: port } }) => (port === undefined ? [] : [port])));
  const texts = await Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()));
  return texts.flatMap((text) => text.split('\n')).filter((line) => line !== '' && !line.startsWith('#'));
}

/** The lines of one family. */
export async function scraped(node: NodeAgent, family: string): Promise<readonly string[]> {
  return (await scrapedMetrics(node)).filter((line) => line.startsWith(`${family}{`) || line.startsWith(`${family} `));
}
