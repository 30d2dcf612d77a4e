import type { ReadyFile } from './ready-file.js';

/** The text that greets a person when all is up. The curl line works as it stands. */
export function firstScreen(
  ready: ReadyFile,
  facts: { seconds: number; freshKeys: boolean; tryKey: string },
): string {
  const operatorKey = facts.freshKeys ? ready.operator_key : 'in secrets.json of the data folder';
  return `
Darkroom is ready after ${facts.seconds.toFixed(1)} s.

  gallery        ${ready.intake}/
  API reference  ${ready.intake}/docs
  control plane  ${ready.control_plane}/
  simulator      ${ready.simulator}/  (the image vendor; its bill: /admin/ledger)
  demo key       ${ready.demo_key}
  operator key   ${operatorKey}

Ask for a picture (the answer holds its content_url):

  curl -s ${ready.intake}/v1/generations -H 'Authorization: Bearer ${ready.demo_key}' -H 'Idempotency-Key: ${facts.tryKey}' -H 'Content-Type: application/json' -H 'Prefer: wait=20' -d '{"prompt":"a red bicycle in the rain"}'

Stop it with Ctrl-C; kill it if you like: nothing acknowledged is lost.
`;
}
