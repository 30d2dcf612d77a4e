import type { GenerationState } from '@darkroom/domain';

/** A generation as readers get it: folded, with what belongs beside the fold. */
export interface GenerationDetail {
  /** UUID. */
  readonly id: string;
  readonly tenant: string;
  readonly version: number;
  readonly state: GenerationState;
  /** Null once erased. */
  readonly prompt: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly erased: boolean;
  /** Trace context of the request. */
  readonly traceparent: string | null;
}
