/** What is shown of a vendor's raw words at most. */
const mostCharacters = 2_000;

const secrets: readonly (readonly [RegExp, string])[] = [
  // Signatures and tokens stand in the query of signed links.
  [/(https?:\/\/[^\s"'<>?]*)\?[^\s"'<>]*/gi, '$1?…'],
  [/(https?:\/\/)[^\s/"'<>@]*@/gi, '$1…@'],
  // The token of our own webhooks' addresses.
  [/(\/v1\/provider-webhooks\/[^/\s"'<>]+\/)[^/\s"'<>?]+/gi, '$1…'],
  [/\b(bearer|basic|key)(\s+)[\w.~+/=-]{8,}/gi, '$1$2…'],
  [/\bdk_(test|live|ops)_[\w-]+/g, 'dk_$1_…'],
  [/\bwhsec_[\w+/=-]+/g, 'whsec_…'],
  [
    /("(?:[\w-]*(?:token|secret|password|authorization|api_?key|signature)[\w-]*)"\s*:\s*)"[^"]*"?/gi,
    '$1"…"',
  ],
  // Pictures and other bytes in text.
  [/[A-Za-z0-9+/]{200,}={0,2}/g, '…'],
];

/** A vendor's raw words as a person may see them: without what gives access to anything, and cut. */
export function redactText(text: string): string {
  const cut = text.slice(0, mostCharacters * 4).replaceAll(/\p{Surrogate}/gu, '');
  const shown = secrets.reduce((words, [pattern, stand]) => words.replaceAll(pattern, stand), cut);
  const characters = Array.from(shown);
  return characters.length > mostCharacters || text.length > mostCharacters * 4
    ? `${characters.slice(0, mostCharacters).join('')}…`
    : shown;
}
