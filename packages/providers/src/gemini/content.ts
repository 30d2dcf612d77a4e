import type { FailureClass } from '@darkroom/contract';
import type { Money } from '@darkroom/domain';
import { inlinePictures } from '../answered-at-once.js';
import type { JobState } from '../provider-adapter.js';
import { vendorMediaType, vendorText } from '../vendor-text.js';
import { type Content, readPart } from './schemas.js';
import { tokenMicros } from './sheets.js';

/** Ends that say that what was asked, or what came of it, is not to be shown. */
const rejections: ReadonlySet<string> = new Set([
  'SAFETY',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'PROHIBITED_CONTENT',
  'BLOCKLIST',
  'SPII',
  'RECITATION',
  'IMAGE_RECITATION',
]);

/** A success without a picture is common: then the answer says why, in one of two places. */
export function readContent(content: Content): Exclude<JobState, { kind: 'open' }> {
  const [candidate] = content.candidates ?? [];
  const entries = (candidate?.content?.parts ?? [])
    .map(readPart)
    .filter((part) => part?.inlineData != null && part.thought !== true)
    .map((part) => ({
      data: part?.inlineData?.data,
      mediaType: vendorMediaType(part?.inlineData?.mimeType),
    }));
  if (entries.length > 0) return { kind: 'produced', ...inlinePictures(entries), ...costOf(content) };
  const { blockReason, blockReasonMessage } = content.promptFeedback ?? {};
  if (blockReason) return rejected(blockReason, blockReasonMessage ?? '');
  const reason = candidate?.finishReason ?? 'nothing';
  const word = reason.toUpperCase();
  const message = candidate?.finishMessage ?? '';
  return rejections.has(word)
    ? rejected(reason, message)
    : failed(
        reason,
        message,
        word === 'MAX_TOKENS' ? 'FAILURE_CLASS_INVALID_REQUEST' : 'FAILURE_CLASS_VENDOR_FAULT',
      );
}

function rejected(reason: string, message: string): Exclude<JobState, { kind: 'open' }> {
  return {
    kind: 'failed',
    end: 'ATTEMPT_END_MODERATED',
    failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
    vendorCode: vendorText(reason, 100),
    vendorMessage: vendorText(message, 500),
  };
}

function failed(
  reason: string,
  message: string,
  failureClass: FailureClass,
): Exclude<JobState, { kind: 'open' }> {
  return {
    kind: 'failed',
    end: 'ATTEMPT_END_VENDOR_FAILED',
    failureClass,
    vendorCode: vendorText(reason, 100),
    vendorMessage: vendorText(message, 500),
  };
}

/** By its tokens, as its price list has them. */
function costOf({ usageMetadata }: Content): { cost?: Money } {
  const { promptTokenCount, candidatesTokenCount } = usageMetadata ?? {};
  if (typeof candidatesTokenCount !== 'number') return {};
  const micros = (promptTokenCount ?? 0) * tokenMicros.prompt + candidatesTokenCount * tokenMicros.answer;
  return { cost: { micros: String(Math.round(micros)), currency: 'USD' } };
}
