import { BlockList, isIP } from 'node:net';

/**
 * Whether a host is this very machine, so that what is sent there crosses no network: `localhost`, an address in
 * 127.0.0.0/8, or `::1`. Any other name counts as a network, whatever it looks like: DNS decides where it leads.
 */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return (
    name === 'localhost' || (isIP(name) !== 0 && LOOPBACK.check(name, isIP(name) === 6 ? 'ipv6' : 'ipv4'))
  );
};

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
