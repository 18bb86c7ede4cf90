import { expect, test } from 'vitest';
import { readChallenges } from '../../../src/adapters/registry/challenges.ts';

test.each([
  {
    name: 'a Bearer challenge of the token specification',
    header:
      'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push"',
    challenges: [
      [
        'bearer',
        {
          realm: 'https://auth.example.com/token',
          service: 'registry.example.com',
          scope: 'repository:a/b:pull,push',
        },
      ],
    ],
  },
  {
    name: 'OpenShift’s Basic challenge, whose realm has no quotes',
    header: 'Basic realm=openshift,error="access denied"',
    challenges: [['basic', { realm: 'openshift', error: 'access denied' }]],
  },
  {
    name: 'several challenges in one header',
    header: 'BASIC Realm="a, b" , bearer realm = "https://c.example.com/x=1"',
    challenges: [
      ['basic', { realm: 'a, b' }],
      ['bearer', { realm: 'https://c.example.com/x=1' }],
    ],
  },
  {
    name: 'a quote within quotes',
    header: String.raw`Basic realm="the \"inner\" one"`,
    challenges: [['basic', { realm: 'the "inner" one' }]],
  },
  { name: 'a scheme without parameters', header: 'Negotiate', challenges: [['negotiate', {}]] },
  { name: 'an empty header', header: '', challenges: [] },
])('reads $name', ({ header, challenges }) => {
  expect(
    readChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
  ).toEqual(challenges);
});
