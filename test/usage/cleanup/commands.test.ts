import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { deleteTagCommand, guardCommands } from '../../../src/usage/cleanup/commands.ts';

describe('the command that deletes a tag', () => {
  test.each([
    ['a1b2c3-dev', 'api', 'pr-100', 'oc tag -d api:pr-100 -n a1b2c3-dev'],
    ['dev', 'my_app', 'latest', 'oc tag -d my_app:latest -n dev'],
    ['dev', 'my.app-2', 'V1.0_rc.1', 'oc tag -d my.app-2:V1.0_rc.1 -n dev'],
    ['dev', 'a__b--c', '_', 'oc tag -d a__b--c:_ -n dev'],
    ['1', '1', '1', 'oc tag -d 1:1 -n 1'],
    [
      'n'.repeat(63),
      's'.repeat(255),
      't'.repeat(128),
      `oc tag -d ${'s'.repeat(255)}:${'t'.repeat(128)} -n ${'n'.repeat(63)}`,
    ],
  ])('in %s of %s:%s names its namespace', (namespace, stream, tag, command) => {
    expect(deleteTagCommand(namespace, stream, tag)).toBe(command);
  });

  const hostile = [
    '',
    ' ',
    'a b',
    'a;b',
    'a&b',
    'a|b',
    '$(a)',
    '`a`',
    'a$b',
    "a'b",
    'a"b',
    'a\\b',
    'a\nb',
    'a\n',
    'a\0',
    'a/b',
    'a:b',
    'a@b',
    'a*',
    'a>b',
    '-a',
    '--all',
    '.a',
    'ä',
    'а',
    'a\u202eb',
  ];

  test.each(hostile)('is not written for a namespace named %j', (name) => {
    expect(deleteTagCommand(name, 'api', 'latest')).toBeNull();
  });

  test.each(hostile)('is not written for a stream named %j', (name) => {
    expect(deleteTagCommand('dev', name, 'latest')).toBeNull();
  });

  test.each(hostile)('is not written for a tag named %j', (name) => {
    expect(deleteTagCommand('dev', 'api', name)).toBeNull();
  });

  test.each([
    ['Dev', 'api', 'latest'],
    ['dev-', 'api', 'latest'],
    ['a.b', 'api', 'latest'],
    ['a_b', 'api', 'latest'],
    ['n'.repeat(64), 'api', 'latest'],
    ['dev', 'Api', 'latest'],
    ['dev', 'api-', 'latest'],
    ['dev', 'a..b', 'latest'],
    ['dev', 'a___b', 'latest'],
    ['dev', 'a._b', 'latest'],
    ['dev', 's'.repeat(256), 'latest'],
    ['dev', 'api', 't'.repeat(129)],
  ])('is not written outside the grammar: %s, %s:%s', (namespace, stream, tag) => {
    expect(deleteTagCommand(namespace, stream, tag)).toBeNull();
  });
});

describe('guarded commands', () => {
  const apiUrl = 'https://api.silver.example.test:6443';
  const run = (server: string, commands: readonly string[]): string =>
    execFileSync('sh', ['-c', [`oc() { echo ${server}; }`, ...guardCommands(commands, apiUrl)].join('\n')], {
      encoding: 'utf8',
    });

  test('run where oc is logged in to the cluster', () => {
    expect(run(apiUrl, ['echo one', 'echo two'])).toBe('one\ntwo\n');
  });

  test('do nothing elsewhere and say so', () => {
    expect(run('https://api.gold.example.test:6443', ['echo one', 'echo two'])).toBe(
      `Not logged in to ${apiUrl}: nothing was deleted.\n`,
    );
  });

  test('begin with the check', () => {
    expect(guardCommands(['oc tag -d api:old -n dev'], apiUrl)).toEqual([
      `if [ "$(oc whoami --show-server)" = '${apiUrl}' ]; then`,
      '  oc tag -d api:old -n dev',
      `else echo 'Not logged in to ${apiUrl}: nothing was deleted.'; fi`,
    ]);
  });

  test.each([
    null,
    '',
    "https://api.example.test';rm -rf /;'",
    'https://api.example.test\n',
    'https://api.example.test/$(id)',
    'ftp://api.example.test',
  ])('are left alone where the URL is %j, which no shell is given', (url) => {
    expect(guardCommands(['one', 'two'], url)).toEqual(['one', 'two']);
  });

  test.each(['http://127.0.0.1:6443', 'https://[::1]:6443', 'https://proxy.example.test/k8s/clusters/c-1'])(
    'are guarded by the URL %s',
    (url) => {
      expect(guardCommands(['one'], url)[0]).toContain(`'${url}'`);
    },
  );
});
