/** One header of an answer or a delivery, by its lower-case name; the first where it came more than once. */
export function answerHeader(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  name: string,
): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
