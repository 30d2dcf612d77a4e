import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { Context } from '@opentelemetry/api';
import type { Logger } from '../logging/logger.js';

export interface BoundedExportOptions {
  readonly exporter: SpanExporter;
  readonly logger: Logger;
  /** Names the collector in the log. */
  readonly collector: string;
  /** How long the first span of a batch waits for others. */
  readonly delayMs: number;
  /** Spans that wait at most; a further one is dropped. */
  readonly mostWaiting: number;
  readonly mostTogether: number;
  /** A batch that was not taken by then is lost, whatever the collector still says. */
  readonly givenUpAfterMs: number;
}

/**
 * The SDK's batch processor with what it does not tell: how many spans were lost, for want of room or because the collector did
 * not take them. It says so once an outage, not once a batch.
 */
export class BoundedExport implements SpanProcessor {
  private readonly batches: BatchSpanProcessor;
  /** As many as the batch processor holds: both count the same spans. */
  private waiting = 0;
  private underway = 0;
  private lost = 0;
  private complained = false;

  constructor(private readonly options: BoundedExportOptions) {
    this.batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => this.send(spans, done),
        shutdown: () => options.exporter.shutdown(),
      },
      maxQueueSize: options.mostWaiting,
      maxExportBatchSize: options.mostTogether,
      scheduledDelayMillis: options.delayMs,
      exportTimeoutMillis: 2 * options.givenUpAfterMs,
    });
  }

  /** Spans that were thrown away. */
  get dropped(): number {
    return this.lost;
  }

  onStart(span: Span, context: Context): void {
    this.batches.onStart(span, context);
  }

  onEnd(span: ReadableSpan): void {
    if (this.waiting >= this.options.mostWaiting) {
      this.lose(1);
      return;
    }
    this.waiting += 1;
    this.batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.batches.shutdown();
  }

  /** Nobody waits for what is left any more. */
  giveUp(): void {
    const left = this.waiting + this.underway;
    this.waiting = 0;
    if (left > 0) this.lose(left);
  }

  private send(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.waiting -= spans.length;
    this.underway += spans.length;
    let isOver = false;
    const end = (result: ExportResult): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.underway -= spans.length;
      if (result.code === ExportResultCode.SUCCESS) this.taken();
      else this.lose(spans.length);
      done(result);
    };
    const timer = setTimeout(
      () => end({ code: ExportResultCode.FAILED }),
      this.options.givenUpAfterMs,
    ).unref();
    this.options.exporter.export(spans, end);
  }

  private lose(spans: number): void {
    this.lost += spans;
    if (this.complained) return;
    this.complained = true;
    const { collector, logger } = this.options;
    logger.warn({ collector, dropped: this.lost }, 'the telemetry collector takes nothing; spans are lost');
  }

  private taken(): void {
    if (!this.complained) return;
    this.complained = false;
    const { collector, logger } = this.options;
    logger.info({ collector, dropped: this.lost }, 'the telemetry collector takes spans again');
  }
}
