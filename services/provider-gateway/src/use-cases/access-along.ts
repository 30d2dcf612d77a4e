import type { Attempt, GenerationState } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';

/** What of a generation says where its next submit goes. */
export interface Along {
  readonly requested: Pick<GenerationState['requested'], 'route'>;
  /** The attempt whose account's policy accepted a second charge, for that account alone. */
  readonly bound: Pick<Attempt, 'model' | 'account'> | undefined;
}

/** Which accounts there are, and which of them run. */
export type WaysToGo = Pick<GatewayPorts, 'accessTo'> & {
  readonly accounts: Pick<GatewayPorts['accounts'], 'isRunning'>;
};

/** Where the next submit goes. */
export interface Way {
  readonly access: ModelAccess;
  /** Other accounts that it may go to. */
  readonly elsewhere: readonly string[];
}

/**
 * The model that is planned, or the next of its route whose account takes submits, where that one's does not. What was claimed from an
 * account's queue goes there: it may be its probe.
 */
export function accessAlong(
  ports: WaysToGo,
  { claim }: { readonly claim: Pick<Job['claim'], 'holdsSlot' | 'account'> },
  along: Along,
  planned: string,
): Way | undefined {
  const ahead = accessesAhead(ports, along, planned);
  const claimed = claim.holdsSlot ? ahead.find(({ account }) => account.id === claim.account) : undefined;
  const access = claimed ?? ahead.find(({ account }) => ports.accounts.isRunning(account.id)) ?? ahead[0];
  if (access === undefined) return undefined;
  const others = ahead.map(({ account }) => account.id).filter((id) => id !== access.account.id);
  return { access, elsewhere: others };
}

function accessesAhead(
  { accessTo }: Pick<WaysToGo, 'accessTo'>,
  { requested: { route }, bound }: Along,
  planned: string,
): ModelAccess[] {
  if (bound !== undefined) return [accessTo(bound.model, bound.account) ?? []].flat();
  return [planned, ...route.slice(route.indexOf(planned) + 1)].flatMap((model) => accessTo(model) ?? []);
}
