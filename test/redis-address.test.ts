import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../src/redis-address.ts';

const PLAIN = { host: 'redis.example.com', port: 6379, tls: false, user: null, password: null, database: 0 };
const PASSWORD_FAULT =
  'must be a URL such as redis://user:password@host:6379/0 (in a password, / is written %2F';

describe('a Redis URL', () => {
  test.each([
    { url: 'redis://redis.example.com', parts: {}, shown: 'redis://redis.example.com' },
    {
      url: 'redis://redis.example.com:6380/',
      parts: { port: 6380 },
      shown: 'redis://redis.example.com:6380/',
    },
    { url: 'redis://redis.example.com/7', parts: { database: 7 }, shown: 'redis://redis.example.com/7' },
    { url: 'rediss://redis.example.com', parts: { tls: true }, shown: 'rediss://redis.example.com' },
    { url: 'REDISS://redis.example.com', parts: { tls: true }, shown: 'rediss://redis.example.com' },
    {
      url: 'redis://:sesame@redis.example.com',
      parts: { password: 'sesame' },
      shown: 'redis://redis.example.com',
    },
    {
      url: 'redis://app:p%40ss%2Fw,rd@redis.example.com:1/2',
      parts: { user: 'app', password: 'p@ss/w,rd', port: 1, database: 2 },
      shown: 'redis://redis.example.com:1/2',
    },
    { url: 'redis://:@redis.example.com', parts: {}, shown: 'redis://redis.example.com' },
    { url: 'redis://[::1]:6380', parts: { host: '::1', port: 6380 }, shown: 'redis://[::1]:6380' },
  ])('$url says where the server is and how to log in', ({ url, parts, shown }) => {
    expect(parseRedisUrl(url)).toEqual({ address: { ...PLAIN, ...parts, shown } });
  });

  test.each([
    ...[
      'redis.example.com',
      'redis:redis.example.com',
      'localhost:6379',
      'https://redis.example.com',
      'valkey://redis.example.com',
      'redis+sentinel://a.example.com:26379/mymaster',
      'redis-sentinel://a.example.com:26379',
      'redis+cluster://a.example.com',
      'unix:///run/redis.sock',
      'redis+unix:///run/redis.sock',
      'redis-socket:///run/redis.sock',
      '/run/redis.sock',
      '',
    ].map((url) => ({ url, fault: 'must be redis://host:6379, or rediss://host:6379 for TLS' })),
    { url: 'redis://a.example.com:26379,b.example.com:26379', fault: 'must name one server' },
    { url: 'redis://a,b', fault: 'must name one server' },
    { url: 'redis://:sesame@a,b', fault: 'must name one server' },
    { url: 'redis://redis.example.com?db=3', fault: 'must end after the number of the database' },
    { url: 'redis://redis.example.com/0?family=6', fault: 'must end after the number of the database' },
    { url: 'redis://redis.example.com/0#1', fault: 'must end after the number of the database' },
    { url: 'redis:///run/redis.sock', fault: 'must name the host' },
    { url: 'redis:///0', fault: 'must name the host' },
    { url: 'redis://redis.example.com/mymaster', fault: 'must have nothing after the host, or the number' },
    { url: 'redis://redis.example.com/-1', fault: 'must have nothing after the host, or the number' },
    { url: 'redis://redis.example.com/0/1', fault: 'must have nothing after the host, or the number' },
    { url: 'redis://redis.example.com:0', fault: PASSWORD_FAULT },
    { url: 'redis://redis.example.com:port', fault: PASSWORD_FAULT },
    { url: 'redis://:ses/ame@redis.example.com', fault: PASSWORD_FAULT },
    { url: 'redis://:12/34@redis.example.com', fault: PASSWORD_FAULT },
    { url: 'redis://:ses#ame@redis.example.com', fault: PASSWORD_FAULT },
    { url: 'redis://app:12?34@redis.example.com', fault: PASSWORD_FAULT },
    { url: 'redis://:100%@redis.example.com', fault: 'must write % itself as %25' },
    { url: 'redis://app@redis.example.com', fault: 'must have a password where it names a user' },
  ])('$url is refused', ({ url, fault }) => {
    expect(parseRedisUrl(url)).toEqual({ fault: expect.stringContaining(fault) });
  });
});
