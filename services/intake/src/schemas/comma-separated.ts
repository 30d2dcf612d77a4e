/**
 * How the document describes words of a closed list that a query holds as one text, separated by commas: as OpenAPI's array that is
 * not exploded. What checks the text is the schema that this is the description of.
 */
export function commaSeparated(description: string, words: readonly string[]): Record<string, unknown> {
  return {
    description,
    type: 'array',
    items: { type: 'string', enum: words },
    minItems: 1,
    maxLength: undefined,
  };
}
