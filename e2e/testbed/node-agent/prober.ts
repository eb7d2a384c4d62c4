// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Probe } from './pod.ts';
import { probeOnce, type PortLookup } from './probe-request.ts';
import { ProbeTally, type Verdict } from './probe-tally.ts';

export interface ProberOptions {
  readonly container: Container;
  readonly port: PortLookup;
  /** Ends with the process that is probed. */
  readonly signal: AbortSignal;
  readonly onStarted: () => void;
  readonly onReady: (ready: boolean) => void;
  /** A startup or liveness probe has failed for good. */
  readonly onDead: (message: string) => void;
}

/** Interval of additional probes while a container has not answered yet. */
const eagerMilliseconds = 200;

/** Runs the probes of one life of a container: startup first, then liveness and readiness side by side. */
export async function runProbes(options: ProberOptions): Promise<void> {
  const { container, onDead, onReady, onStarted } = options;
  const { startupProbe, livenessProbe, readinessProbe } = container;
  if (startupProbe !== undefined) {
    const verdict = await firstVerdict(options, startupProbe);
    if (verdict === 'failure') onDead(`Container ${container.name} failed startup probe, will be restarted`);
    if (verdict !== 'success') return;
  }
  onStarted();
  if (readinessProbe === undefined) onReady(true);
  await Promise.all([
    livenessProbe !== undefined &&
      follow(options, livenessProbe, (verdict) => {
        if (verdict === 'failure') onDead(`Container ${container.name} failed liveness probe, will be restarted`);
      }),
    readinessProbe !== undefined &&
      follow(options, readinessProbe, (verdict) => {
        onReady(verdict === 'success');
      }),
  ]);
}

async function firstVerdict(options: ProberOptions, probe: Probe): Promise<Verdict | undefined> {
  for await (const verdict of verdicts(options, probe)) return verdict;
  return undefined;
}

async function follow(options: ProberOptions, probe: Probe, onVerdict: (verdict: Verdict) => void): Promise<void> {
  for await (const verdict of verdicts(options, probe)) onVerdict(verdict);
}

/** The verdicts of one probe, until the process ends. */
async function* verdicts(options: ProberOptions, probe: Probe): AsyncGenerator<Verdict> {
  const { signal } = options;
  const tally = new ProbeTally({ success: probe.successThreshold ?? 1, failure: probe.failureThreshold ?? 3 });
  const period = (probe.periodSeconds ?? 10) * 1000;
  const ended = (): boolean => signal.aborted;
  let answeredOnce = false;
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  while (!ended()) {
    const deadline = performance.now() + period;
    const answer: boolean = answeredOnce
      ? await probeOnce(probe, options.port, signal)
      : await eagerAnswer(options, probe, deadline);
    if (ended()) return;
    answeredOnce ||= answer;
    const verdict = tally.count(answer ? 'success' : 'failure');
    if (verdict !== undefined) yield verdict;
    await pause(deadline - performance.now(), signal);
  }
}

/** A container that has never answered is asked more often, for its sake only: its failures count once a period. */
async function eagerAnswer({ port, signal }: ProberOptions, probe: Probe, deadline: number): Promise<boolean> {
  for (;;) {
    if (await probeOnce(probe, port, signal)) return true;
    if (signal.aborted || performance.now() + eagerMilliseconds > deadline) return false;
    await pause(eagerMilliseconds, signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return delay(Math.max(0, milliseconds), undefined, { signal }).catch(() => undefined);
}
