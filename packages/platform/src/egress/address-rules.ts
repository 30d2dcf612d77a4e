import { BlockList, isIP, isIPv6 } from 'node:net';

const refused4 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  refused4.addSubnet(net, bits, 'ipv4');

// Of IPv6 only global unicast is public, less what tunnels into IPv4 (an embedded private address) and documentation.
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
const refused6 = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  refused6.addSubnet(net, bits, 'ipv6');

/** Whether an IP address belongs to the public internet: not loopback, private, link-local, metadata, multicast, mapped or reserved. */
export function isPublicAddress(address: string): boolean {
  const bare = address.split('%', 1)[0] ?? '';
  if (isIP(bare) === 4) return !refused4.check(bare, 'ipv4');
  if (isIPv6(bare)) return global6.check(bare, 'ipv6') && !refused6.check(bare, 'ipv6');
  return false;
}
