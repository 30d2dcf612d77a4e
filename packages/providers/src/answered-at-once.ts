import type { CapabilitySheet } from './capability-sheet.js';
import { withoutCancel, withoutLookUp, withoutPolls, withoutWebhooks } from './not-offered.js';
import type { ProviderAdapter, VendorOutput } from './provider-adapter.js';
import { usableOutputs } from './usable-outputs.js';

/**
 * Of models whose answer comes when the picture is done. Nothing that is lost on the way can be asked for: no key, no list, no webhook. A
 * lost one is for a person to decide.
 */
export const answeredAtOnceSheet = {
  submit: 'blind',
  keyScope: null,
  absence: 'weak',
  cancel: 'never',
  poll: 'none',
  sendBySeconds: 5,
  // Some take minutes; a shorter wait would turn paid pictures into open questions.
  submitTimeoutSeconds: 600,
  acceptLagSeconds: 60,
  settlingSeconds: 0,
  graceSeconds: 60,
  result: 'inline',
  linkLifeSeconds: null,
  takesWebhook: false,
  // Pictures as base64.
  maxAnswerBytes: { submit: 64 * 1024 * 1024, poll: 1024 * 1024, lookup: 1024 * 1024 },
} as const satisfies Partial<CapabilitySheet>;

/** What a vendor of such models can be asked for afterwards. */
export const nothingToAsk: Omit<
  ProviderAdapter,
  'vendor' | 'models' | 'authorize' | 'submit' | 'readSubmit'
> = {
  ...withoutPolls,
  ...withoutLookUp,
  ...withoutCancel,
  ...withoutWebhooks,
};

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** A picture as its answer holds it; without base64 it is none. */
interface Inline {
  readonly data: string | undefined;
  readonly mediaType: string;
}

/** The pictures of an answer in their order, and how many of them are none. */
export const inlinePictures = (entries: readonly Inline[]): { outputs: VendorOutput[]; dropped: number } =>
  usableOutputs(entries, ({ data = '', mediaType }) =>
    base64.test(data)
      ? { source: { kind: 'inline', bytes: Buffer.from(data, 'base64') }, mediaType }
      : undefined,
  );
