import { createHash } from 'node:crypto';

/** A body of `multipart/form-data`, and the header that tells how to take it apart. */
export interface Form {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Text fields as `multipart/form-data` (RFC 7578): the same fields for the same attempt are the same bytes. The boundary is a digest of all
 * that it parts, so that no field can hold it.
 * @param fields by names of letters, digits and underscores
 * @param reference the attempt's own
 */
export function formOf(fields: Readonly<Record<string, string>>, reference: string): Form {
  const entries = Object.entries(fields);
  const digest = createHash('sha256')
    .update(JSON.stringify([reference, entries]))
    .digest('hex');
  const parts = entries.map(
    ([name, value]) => `--${digest}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    contentType: `multipart/form-data; boundary=${digest}`,
    body: `${parts.join('')}--${digest}--\r\n`,
  };
}
