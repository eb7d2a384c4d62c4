// SPDX-License-Identifier: Apache-2.0
import { type Context, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { RunTracing, TracedRun, TracedStep } from './run-tracing.ts';
import { idsOfRun, type RunIds } from './trace-ids.ts';

export interface OtlpTracingOptions {
  /** URL of the receiver for traces, with its path. */
  readonly endpoint: string;
  /** The part of all runs that is traced, 0 to 1. */
  readonly samplingRatio: number;
  readonly version: string;
  /** Name of this replica. */
  readonly instance: string;
  /** Called after each attempt to send spans. */
  readonly onExport: (result: 'Sent' | 'Failed', spans: number) => void;
}

/** A tracing that is to be closed. */
export interface OpenTracing {
  readonly tracing: RunTracing;
  /** Sends what is waiting, and gives up when the collector does not take it in time. */
  readonly close: () => Promise<void>;
}

/** Spans that wait; further ones are dropped. */
const MAX_QUEUED = 2048;
const MAX_BATCH = 256;
const DELAY_MS = 2000;
const EXPORT_MS = 5000;
const CLOSE_MS = 2000;
/** Longer than any name of Kubernetes. */
const MAX_ATTRIBUTE_CHARACTERS = 256;

/** Sends traces to an OpenTelemetry collector. Spans wait in a bounded queue, and nothing else waits for the collector. */
export function otlpTracing(options: OtlpTracingOptions): OpenTracing {
  const { endpoint: url, samplingRatio, version, instance } = options;
  const exporter = observed(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS }), options.onExport);
  const queue = { maxQueueSize: MAX_QUEUED, maxExportBatchSize: MAX_BATCH, scheduledDelayMillis: DELAY_MS };
  const ids = new RunIdGenerator();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'hallmark',
      'service.version': version,
      'service.instance.id': instance,
    }),
    // The id of the trace decides, so all replicas trace the same runs.
    sampler: new TraceIdRatioBasedSampler(samplingRatio),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_CHARACTERS, attributeCountLimit: 16 },
    spanProcessors: [new BatchSpanProcessor({ exporter, ...queue, exportTimeoutMillis: EXPORT_MS })],
  });
  return {
    tracing: new OtlpRunTracing(provider.getTracer('hallmark'), ids),
    close: async () => {
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => {
        late.resolve(undefined);
      }, CLOSE_MS);
      await Promise.race([provider.shutdown().catch(() => undefined), late.promise]);
      clearTimeout(timer);
    },
  };
}

class OtlpRunTracing implements RunTracing {
  readonly #tracer: Tracer;
  readonly #ids: RunIdGenerator;

  constructor(tracer: Tracer, ids: RunIdGenerator) {
    this.#tracer = tracer;
    this.#ids = ids;
  }

  async step<T>(
    run: TracedRun,
    { name, attributes = {} }: TracedStep,
    work: () => Promise<T>,
    outcome?: (result: T) => string,
  ): Promise<T> {
    const span = this.#tracer.startSpan(name, { attributes: { ...attributesOf(run), ...attributes } }, within(run));
    try {
      const result = await work();
      if (outcome !== undefined) span.setAttribute('hallmark.outcome', outcome(result));
      return result;
    } catch (error) {
      // The message may name anything; the log has it.
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
      throw error;
    } finally {
      span.end();
    }
  }

  recorded(run: TracedRun, completionTime: string): void {
    const startTime = new Date(completionTime);
    const isTime = !Number.isNaN(startTime.getTime());
    const options = { attributes: attributesOf(run), root: true, ...(isTime ? { startTime } : {}) };
    this.#ids.withRoot(idsOfRun(run.uid), () => this.#tracer.startSpan('run', options, ROOT_CONTEXT)).end();
  }
}

/** Random ids for all spans but the outermost one of a run. */
class RunIdGenerator implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #root: RunIds | undefined;

  generateTraceId(): string {
    return this.#root?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#root?.spanId ?? this.#random.generateSpanId();
  }

  /** Starts a span with these ids. */
  withRoot<T>(ids: RunIds, start: () => T): T {
    this.#root = ids;
    try {
      return start();
    } finally {
      this.#root = undefined;
    }
  }
}

/** The context of the outermost span of a run, whether that was sent already or not. */
function within({ uid }: TracedRun): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...idsOfRun(uid), traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

function attributesOf({ uid, kind, namespace, name }: TracedRun): Record<string, string> {
  return { 'run.uid': uid, 'run.kind': kind, 'run.name': name, 'k8s.namespace.name': namespace };
}

/** An exporter that tells what came of each attempt. */
function observed(exporter: SpanExporter, onExport: OtlpTracingOptions['onExport']): SpanExporter {
  return {
    export: (spans, callback) => {
      exporter.export(spans, (result) => {
        onExport(result.error === undefined ? 'Sent' : 'Failed', spans.length);
        callback(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
