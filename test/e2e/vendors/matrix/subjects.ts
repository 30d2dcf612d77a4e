import { type CapabilitySheet, knownAdapters, type ProviderAdapter } from '@darkroom/providers';
import {
  a1111Protocol,
  bflProtocol,
  cogProtocol,
  comfyProtocol,
  comfyuiProtocol,
  falProtocol,
  geminiProtocol,
  hordeProtocol,
  openaiProtocol,
  replicateProtocol,
  runwareProtocol,
  stabilityProtocol,
  startDouble,
  type VendorDouble,
  type VendorProtocol,
} from '@darkroom/vendor-doubles';

/** Signs webhooks wherever a secret of the account does. */
export const webhookSecret = `whsec_${Buffer.from('a secret of all these vendors').toString('base64')}`;

/** `path`: below which its API is, where its adapter has no address of the vendor's own that would say so. */
interface Speaks {
  readonly protocol: VendorProtocol;
  readonly path?: string;
}

/** One line each. */
const speaking: Readonly<Record<string, Speaks>> = {
  replicate: { protocol: replicateProtocol({ webhookSecret }) },
  cog: { protocol: cogProtocol({ webhookToken: webhookSecret }) },
  fal: { protocol: falProtocol() },
  openai: { protocol: openaiProtocol() },
  bfl: { protocol: bflProtocol() },
  comfy: { protocol: comfyProtocol() },
  'comfy-proxy': { protocol: comfyProtocol({ hasList: true }), path: '/api/v2' },
  comfyui: { protocol: comfyuiProtocol() },
  gemini: { protocol: geminiProtocol() },
  runware: { protocol: runwareProtocol() },
  stability: { protocol: stabilityProtocol() },
  a1111: { protocol: a1111Protocol() },
  horde: { protocol: hordeProtocol() },
};

/** A vendor whose mishaps are driven: what Darkroom knows of it, and the double that it meets. */
export interface Subject {
  readonly vendor: string;
  readonly adapter: ProviderAdapter;
  readonly sheet: CapabilitySheet;
  readonly double: VendorDouble;
  /** Where the account says that the vendor is. */
  readonly baseUrl: string;
}

/** The simulator is a vendor of our own with a control desk of its own, on which the crash table and the chaos runs judge five contracts. */
const own = 'sim';

/** Every vendor that Darkroom has an adapter for. */
export const adapters: readonly ProviderAdapter[] = knownAdapters().filter(({ vendor }) => vendor !== own);

/** Vendors that no double speaks for. */
export const speechless: readonly string[] = adapters
  .map(({ vendor }) => vendor)
  .filter((vendor) => !Object.hasOwn(speaking, vendor));

export async function startSubjects(): Promise<readonly Subject[]> {
  return Promise.all(
    adapters.flatMap((adapter) => {
      const speaks = speaking[adapter.vendor];
      return speaks === undefined ? [] : [start(adapter, speaks)];
    }),
  );
}

async function start(adapter: ProviderAdapter, { protocol, path }: Speaks): Promise<Subject> {
  const double = await startDouble(protocol);
  const below = path ?? (adapter.baseUrl === undefined ? '' : new URL(adapter.baseUrl).pathname);
  return {
    vendor: adapter.vendor,
    adapter,
    sheet: quickest(adapter),
    double,
    baseUrl: `${double.url}${below}`.replace(/\/$/, ''),
  };
}

/** The sheets of a vendor differ in their numbers alone: the one that is looked at soonest. */
function quickest({ vendor, models }: ProviderAdapter): CapabilitySheet {
  const [first] = Object.values(models).toSorted((a, b) => a.usualSeconds.p50 - b.usualSeconds.p50);
  if (first === undefined) throw new Error(`${vendor} has no model`);
  return first;
}

/** Of an account at it, as operators write it. */
export function accountOf({ vendor, adapter, double, baseUrl }: Subject): object {
  const others = Object.keys(adapter.otherBaseUrls ?? {});
  return {
    id: vendor,
    vendor,
    base_url: baseUrl,
    other_base_urls: Object.fromEntries(others.map((at) => [at, `${double.url}/${at}`])),
    credential: { env: 'VENDOR_KEY' },
    webhook_secrets: adapter.isWebhookSecret === undefined ? [] : [{ env: 'WEBHOOK_SECRET' }],
    // Open questions keep their places for a while.
    limits: { concurrent: 64 },
    allowed_private_hosts: [double.url],
  };
}
