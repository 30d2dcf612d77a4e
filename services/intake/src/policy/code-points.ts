/** Length of a text as the contract counts it: an emoji of one code point is one, whatever UTF-16 makes of it. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
