import { z } from 'zod';
import { optional } from '../optional.js';

const tokens = optional(z.number().int().min(0).max(10_000_000));

const partSchema = z.object({
  /** A draft on the way. */
  thought: optional(z.boolean()),
  inlineData: optional(z.object({ mimeType: optional(z.string()), data: z.string() })),
});
export type Part = z.infer<typeof partSchema>;
export const readPart = (part: unknown): Part | undefined => partSchema.safeParse(part).data;

const candidateSchema = z.object({
  content: optional(z.object({ parts: optional(z.array(z.unknown())) })),
  finishReason: optional(z.string()),
  finishMessage: optional(z.string()),
});

/** What was drawn, or why nothing was. */
export const contentSchema = z.object({
  candidates: optional(z.array(candidateSchema)),
  promptFeedback: optional(
    z.object({ blockReason: optional(z.string()), blockReasonMessage: optional(z.string()) }),
  ),
  usageMetadata: optional(z.object({ promptTokenCount: tokens, candidatesTokenCount: tokens })),
  responseId: optional(z.string()),
});
export type Content = z.infer<typeof contentSchema>;

const detailSchema = z.object({ retryDelay: z.string() });

/** google.rpc.Status. */
export const errorSchema = z.object({
  error: z.object({
    code: optional(z.number()),
    message: optional(z.string()),
    status: optional(z.string()),
    details: optional(z.array(z.unknown())),
  }),
});

/** `34s` of a RetryInfo among the details. */
export function retryDelayOf(details: readonly unknown[] | null | undefined): string | undefined {
  for (const detail of details ?? []) {
    const delay = detailSchema.safeParse(detail).data?.retryDelay;
    if (delay !== undefined) return delay;
  }
  return undefined;
}
