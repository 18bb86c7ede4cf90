import { describe, expect, test } from 'vitest';
import { isLoopback } from '../../../src/adapters/http-client/loopback.ts';

describe('this very machine', () => {
  test.each([
    ['by its name', 'localhost'],
    ['by its name in capitals', 'LOCALHOST'],
    ['by its usual address', '127.0.0.1'],
    ['by another address of the block that is set aside for it', '127.3.2.1'],
    ['by its IPv6 address', '::1'],
    ['by its IPv6 address as a URL has it', '[::1]'],
    ['by its IPv6 address in full', '0:0:0:0:0:0:0:1'],
    ['by its IPv4 address written as IPv6', '::ffff:127.0.0.1'],
  ])('is known %s: %s', (_name, host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each([
    ['a name that starts like its address', '127.example.com'],
    ['a name that starts with its whole address', '127.0.0.1.example.com'],
    ['a name that DNS may lead anywhere', 'smtp.localhost'],
    ['a name that starts like its own', 'localhost.example.com'],
    ['no address', '127.0.0.999'],
    ['another address', '10.0.0.127'],
    ['all addresses at once', '0.0.0.0'],
    ['another IPv6 address', '::2'],
    ['another IPv4 address written as IPv6', '::ffff:10.0.0.1'],
    ['nothing', ''],
  ])('is not %s: “%s”', (_name, host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
