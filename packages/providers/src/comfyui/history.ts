import type { JobState } from '../provider-adapter.js';
import { usableOutputs } from '../usable-outputs.js';
import { vendorLinkOrPath, vendorText } from '../vendor-text.js';
import { exceptionSchema, type HistoryEntry, readImage, readMessage } from './schemas.js';

/** How a prompt of the history ended: it is there only once it has. Words are read without their case. */
export function readEnd({ status, outputs }: HistoryEntry): JobState {
  const messages = (status?.messages ?? []).map(readMessage).filter((message) => message !== undefined);
  if (messages.some(({ event }) => event.toLowerCase() === 'execution_interrupted'))
    return { kind: 'canceled', isFree: true };
  if (status?.status_str.toLowerCase() === 'error') {
    const said = messages.find(({ event }) => event.toLowerCase() === 'execution_error')?.data;
    const { exception_message, exception_type } = exceptionSchema.safeParse(said).data ?? {};
    const isOutOfMemory = /OutOfMemory/.test(exception_type ?? '');
    return {
      kind: 'failed',
      end: 'ATTEMPT_END_VENDOR_FAILED',
      failureClass: isOutOfMemory ? 'FAILURE_CLASS_OVERLOADED' : 'FAILURE_CLASS_VENDOR_FAULT',
      vendorCode: vendorText(exception_type, 100) || 'execution_error',
      vendorMessage: vendorText(exception_message, 500),
    };
  }
  const saved = Object.values(outputs ?? {})
    .flatMap(({ images }) => images ?? [])
    .map(readImage)
    // Previews are of the kind `temp`.
    .filter((image) => image?.type?.toLowerCase() !== 'temp');
  const files = usableOutputs(saved, (image) => {
    if (image === undefined) return undefined;
    const query = new URLSearchParams({
      filename: image.filename,
      subfolder: image.subfolder ?? '',
      type: image.type ?? 'output',
    });
    const url = vendorLinkOrPath(`view?${query.toString()}`);
    return url === undefined ? undefined : { source: { kind: 'link', url } };
  });
  return { kind: 'produced', ...files };
}
