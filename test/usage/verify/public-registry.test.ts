import { expect, test } from 'vitest';
import { listPublicHosts } from '../../../src/usage/verify/public-registry.ts';

test.each<{
  readonly name: string;
  readonly repositories: readonly string[];
  readonly hosts: readonly string[];
}>([
  {
    name: 'that all streams state',
    repositories: ['registry.apps.example.test/shop/api', 'registry.apps.example.test/shop/web'],
    hosts: ['registry.apps.example.test'],
  },
  {
    name: 'that only some state, with its port',
    repositories: ['', 'registry.apps.example.test:8443/shop/web'],
    hosts: ['registry.apps.example.test:8443'],
  },
  {
    name: 'of streams that do not agree',
    repositories: ['b.example.test/shop/api', 'a.example.test/shop/web'],
    hosts: ['a.example.test', 'b.example.test'],
  },
  { name: 'where there is no public route', repositories: ['', ''], hosts: [] },
  { name: 'where there is no stream', repositories: [], hosts: [] },
])('the public host $name', ({ repositories, hosts }) => {
  expect(listPublicHosts(repositories.map((publicRepository) => ({ publicRepository })))).toEqual(hosts);
});
