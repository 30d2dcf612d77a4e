import { createHash } from 'node:crypto';
import { getBytes, type LedgerLine, type Resource, settledByVendor, type Target } from './client.js';
import type { Invocation } from './load.js';

/** A finding against the promise; an empty list is a pass. */
export type Finding = string;

/**
 * Holds what clients were told against the vendor's own bill.
 * @param exactlyOne whether every request of a settleable model must have been charged once (no request was canceled or refused)
 */
export function judgeCharges(
  history: readonly Invocation[],
  ledger: readonly LedgerLine[],
  exactlyOne: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const charges = new Map<string, number>();
  for (const line of ledger)
    if (line.charged_micros > 0) charges.set(line.prompt ?? '', (charges.get(line.prompt ?? '') ?? 0) + 1);
  for (const { prompt, model } of history) {
    const count = charges.get(prompt) ?? 0;
    if (count > 1) findings.push(`${model} "${prompt}" was charged ${count} times`);
    if (exactlyOne && settledByVendor.has(model) && count !== 1)
      findings.push(`${model} "${prompt}" was charged ${count} times, not once`);
  }
  const asked = new Set(history.map((invocation) => invocation.prompt));
  for (const prompt of charges.keys())
    if (!asked.has(prompt)) findings.push(`"${prompt}" was charged but never asked for`);
  return findings;
}

/** Holds every end against its invocation and the bill. */
export function judgeEnds(
  history: readonly Invocation[],
  resources: ReadonlyMap<string, Resource>,
  ledger: readonly LedgerLine[],
): Finding[] {
  const findings: Finding[] = [];
  const charged = new Set(ledger.filter((line) => line.charged_micros > 0).map((line) => line.prompt));
  const ids = new Set<string>();
  for (const { key, id, model, prompt } of history) {
    if (id === undefined) {
      findings.push(`${key} was never acknowledged`);
      continue;
    }
    if (ids.has(id)) findings.push(`${id} was given to two keys`);
    ids.add(id);
    const resource = resources.get(id);
    if (!resource) findings.push(`${id} was acknowledged and is lost`);
    else {
      if (resource.prompt !== prompt) findings.push(`${id} answers for another request`);
      if (resource.status === 'failed' && resource.error?.charge === 'none' && charged.has(prompt)) {
        findings.push(`${id} says that nothing was charged, the vendor's bill says otherwise`);
      }
      if (resource.status_reason?.code === 'needs_attention' && settledByVendor.has(model)) {
        findings.push(`${id} (${model}) needs a person although the vendor can settle it`);
      }
    }
  }
  return findings;
}

/** Downloads every picture of a resource and holds it against what the resource says. */
export async function judgePictures(target: Target, resource: Resource): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (resource.status === 'succeeded' && resource.artifacts.length === 0)
    findings.push(`${resource.id} succeeded without a picture`);
  for (const artifact of resource.artifacts) {
    const bytes = await getBytes(target, artifact.content_url);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== artifact.sha256)
      findings.push(`${resource.id}: stored bytes hash to ${sha256}, recorded ${artifact.sha256}`);
    if (bytes.length !== artifact.bytes)
      findings.push(`${resource.id}: ${bytes.length} bytes served, ${artifact.bytes} recorded`);
  }
  return findings;
}
