const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// 130 bits for 128: the first digit holds three of them.
const suffixPattern = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** A UUID as the 26 digits of Crockford's base 32 that the TypeID specification (0.3) prescribes. */
export function encodeUuid(uuid: string): string {
  if (!uuidPattern.test(uuid)) throw new TypeError('not a UUID in lower case');
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let digit = 0; digit < 26; digit += 1) {
    text = alphabet.charAt(Number(rest & 31n)) + text;
    rest >>= 5n;
  }
  return text;
}

/** The UUID behind 26 digits; undefined where they are not ones. */
export function decodeUuid(suffix: string): string | undefined {
  if (!suffixPattern.test(suffix)) return undefined;
  let value = 0n;
  for (const digit of suffix) value = (value << 5n) | BigInt(alphabet.indexOf(digit));
  const hex = value.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
