import type { Attempt } from '@darkroom/domain';
import { openAttemptToken, sealAttemptToken, webhookSecretOf } from '@darkroom/platform';
import type { ImageFormat, LostSubmit, VendorRequest } from '@darkroom/providers';
import { mayCallBack, type ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import type { LoadedGeneration } from './load-generation.js';

const formats: Readonly<Record<string, ImageFormat>> = {
  OUTPUT_FORMAT_PNG: 'png',
  OUTPUT_FORMAT_JPEG: 'jpeg',
  OUTPUT_FORMAT_WEBP: 'webp',
};

type Named = Pick<Attempt, 'number' | 'run' | 'reference' | 'seed' | 'startedAt'>;

/** The request of an attempt: from the log and the settings, so that a repeat is the same bytes while those stay. */
export function requestOf(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  access: ModelAccess,
  attempt: Named,
): VendorRequest {
  const { state } = loaded;
  const { startedAt, names: _, ...input } = lostSubmitOf(ports, job, loaded, access, attempt);
  return access.adapter.submit({
    ...input,
    deadlineSeconds: Math.ceil((state.deadline - startedAt) / 1_000),
  });
}

/** What the vendor was told of an attempt, by which it may show it again. */
export function lostSubmitOf(
  ports: GatewayPorts,
  job: Job,
  { events, state }: LoadedGeneration,
  access: ModelAccess,
  attempt: Named,
): LostSubmit {
  const { generation } = job.claim;
  const asked = events[0];
  const prompt = asked?.type === 'GenerationRequested' ? asked.data.prompt : undefined;
  if (prompt === undefined) throw new Error(`the prompt of ${generation} is gone`);
  const { model, account } = access;
  const { reference, seed, startedAt, run, number } = attempt;
  const token = sealAttemptToken(ports.signer, { generation, run, attempt: number });
  const { width, height, count, outputFormat } = state.requested;
  return {
    model,
    prompt,
    width,
    height,
    count,
    format: formats[outputFormat] ?? 'png',
    seed,
    reference,
    startedAt,
    names: (webhook) => {
      const opened = openAttemptToken(ports.signer, webhook.slice(webhook.lastIndexOf('/') + 1));
      return opened && opened.generation === generation && opened.attempt === number;
    },
    ...(takesWebhook(ports, access)
      ? {
          webhookUrl: `${ports.publicUrl}/v1/provider-webhooks/${account.vendor}/${token}`,
          ...(access.adapter.webhookSecretPerAttempt === true
            ? { webhookSecret: webhookSecretOf(ports.signer, token) }
            : {}),
        }
      : {}),
  };
}

const takesWebhook = (ports: GatewayPorts, { sheet, account }: ModelAccess): boolean =>
  sheet.takesWebhook && mayCallBack(ports.publicUrl, account);
