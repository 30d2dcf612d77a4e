import type { StatusReason } from './status-reason.js';

/** The JSON of one generation as clients get it. Times are RFC 3339, micro-units strings; what nothing can fill yet is null. */
export interface GenerationResource {
  readonly id: string;
  readonly run: number;
  readonly version: number;
  readonly status: string;
  readonly status_reason: StatusReason | null;
  readonly prompt: string | null;
  readonly model: string;
  readonly requested: {
    readonly size: string;
    readonly count: number;
    readonly seed: number;
    readonly output_format: string;
  };
  readonly progress: {
    readonly percent: number | null;
    readonly queue_position: number | null;
    readonly usual_seconds: { readonly p50: number; readonly p95: number } | null;
  };
  readonly attempts: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
  readonly artifacts: readonly ArtifactResource[];
  readonly error: ErrorResource | null;
  /** Whether the vendor charged; null until the run has ended. */
  readonly charge: 'none' | 'possible' | 'certain' | null;
  readonly cost: {
    readonly currency: string | null;
    readonly estimated_micros: string | null;
    readonly actual_micros: string | null;
  };
  readonly metadata: Readonly<Record<string, string>>;
  /** Of the request's trace; null where its caller's was not to be recorded, or nobody traces. */
  readonly trace_id: string | null;
  readonly links: {
    readonly self: string;
    readonly events: string;
    readonly cancel: string;
    /** Where the trace is looked at; null where nobody said. */
    readonly trace: string | null;
  };
}

/** A verified image. */
export interface ArtifactResource {
  readonly id: string;
  readonly index: number;
  readonly media_type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly placeholder: string | null;
  readonly content_url: string;
  readonly thumbnail_url: string | null;
}

/** Why a generation failed, and whether it cost money. */
export interface ErrorResource {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly charge: 'none' | 'possible' | 'certain';
}

/** Makes the signed, short-lived links of an artifact; ids are public ones (`art_…`). */
export interface LinkSigner {
  contentUrl(artifactId: string): string;
  thumbnailUrl(artifactId: string): string;
}

/** One event of a generation's history, or of the tenant's feed, as its tenant may see it. */
export interface HistoryEvent {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly run: number;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}
