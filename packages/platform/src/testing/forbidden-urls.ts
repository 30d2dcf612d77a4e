const octets = (address: string): number[] => address.split('.').map(Number);
const asNumber = (address: string): number => octets(address).reduce((sum, octet) => sum * 256 + octet, 0);
const hex = (value: number): string => `0x${value.toString(16)}`;
const fullWidth = (text: string): string =>
  text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
const inTwoGroups = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = octets(address);
  return [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(':');
};

/** Addresses that no call may reach, one of each kind. */
export const forbiddenAddresses4 = [
  '127.0.0.1',
  '127.0.0.2',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '224.0.0.1',
  '255.255.255.255',
] as const;
export const forbiddenAddresses6 = [
  '::1',
  '::',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2001:db8::1',
] as const;

/** Ways to write an IPv4 address as the host of a URL. */
const spellings4: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => `${address}.`,
  (address) => String(asNumber(address)),
  (address) => hex(asNumber(address)),
  (address) => hex(asNumber(address)).toUpperCase(),
  (address) => octets(address).map(hex).join('.'),
  (address) =>
    octets(address)
      .map((octet) => `0${octet.toString(8)}`)
      .join('.'),
  (address) =>
    octets(address)
      .map((octet) => `000${octet.toString(8)}`)
      .join('.'),
  (address) => `${octets(address)[0] ?? 0}.${asNumber(address) % 2 ** 24}`,
  (address) => fullWidth(address),
  (address) => address.replaceAll('.', '\u3002'),
  (address) => address.replaceAll(/\d/g, (digit) => `%3${digit}`),
  (address) => address.replaceAll('.', '%2e'),
  (address) => `[::ffff:${address}]`,
  (address) => `[::FFFF:${inTwoGroups(address)}]`,
  (address) => `[0:0:0:0:0:ffff:${inTwoGroups(address)}]`,
  (address) => `[::${address}]`,
  (address) => `[::ffff:0:${address}]`,
  (address) => `[64:ff9b::${address}]`,
  (address) => `[64:ff9b:1::${inTwoGroups(address)}]`,
  (address) => `[2002:${inTwoGroups(address)}::1]`,
  (address) => `[2001:0:${inTwoGroups(address)}::1]`,
];

/** Ways to write an IPv6 address as the host of a URL. */
const spellings6: readonly ((address: string) => string)[] = [
  (address) => `[${address}]`,
  (address) => `[${address.toUpperCase()}]`,
  (address) => `[${address}%25lo]`,
  (address) => `[${address}%lo]`,
];

const wholeUrls = [
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'https://metadata.internal/',
  'https://user:pass@127.0.0.1/',
  'https://public.test@127.0.0.1/',
  'https://user:pass@public.test/',
  'https://127.0.0.1#@public.test/',
  'https:\\\\127.0.0.1\\',
  'https://127.0\t.0.1/',
  'https:127.0.0.1/',
  'https://public.test:22/',
  'https://127.0.0.1:6379/',
  'https://[::1]:22/',
  'http://127.0.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'HTTP://[::1]/',
  'file:///etc/passwd',
  'file://127.0.0.1/etc/passwd',
  'data:image/png;base64,AAAA',
  'ftp://127.0.0.1/',
  'gopher://127.0.0.1:443/_',
  'blob:https://127.0.0.1/1',
  'javascript:void(0)',
];

/** URLs in every spelling that leads to where no call may go. */
export function forbiddenUrls(): string[] {
  return [
    ...forbiddenAddresses4.flatMap((address) => spellings4.map((spell) => `https://${spell(address)}/`)),
    ...forbiddenAddresses6.flatMap((address) => spellings6.map((spell) => `https://${spell(address)}/`)),
    ...wholeUrls,
  ];
}
