import { describe, expect, test } from 'vitest';
import { startApiServer } from '../../sandbox/api-server.ts';
import type { Ended } from './command-line.ts';
import { reportFrom } from './report-from.ts';

/** What `quotagram report` says when it cannot: what is wrong, what to do next, and nothing else. */

const IMAGES = '/apis/image.openshift.io/v1/images';
const IMAGE_STREAMS = '/apis/image.openshift.io/v1/imagestreams';

/** One namespace with nothing in it. */
const LISTS = { namespaces: [{ metadata: { name: 'd1b5d2-dev' } }] };

describe('the kubeconfig', () => {
  test('is not there', async () => {
    expectRefusal(await reportFrom(null, ['-A']), {
      exitCode: 2,
      error: /no kubeconfig.*~\/\.kube\/config/,
      hint: /oc login.*--kubeconfig.*KUBECONFIG/,
    });
  });

  test('is not YAML; what is in it is not shown', async () => {
    const files = { silver: 'users: [{ user: { token: sha256~secret }\n  - x' };
    const ended = await reportFrom(null, ['-A', '--kubeconfig', 'silver'], { files });
    expectRefusal(ended, { exitCode: 2, error: /kubeconfig silver cannot be read/, hint: /oc login/ });
    expect(ended.stderr).not.toContain('secret');
  });

  test('has no such context; it says which it has', async () => {
    expectRefusal(await reportFrom({ url: 'https://api.example.test:6443' }, ['-A', '--context', 'wrok']), {
      exitCode: 2,
      error: /no context wrok; it has work/,
      hint: /--context/,
    });
  });
});

describe('the API', () => {
  // These two spend most of their time between one try and the next.
  test.concurrent('is not there', { timeout: 60_000 }, async () => {
    const api = await startApiServer();
    await api.close();
    expectRefusal(await reportFrom(api, ['-A']), {
      exitCode: 1,
      error: new RegExp(`${new URL(api.url).host} does not answer: .*ECONNREFUSED`),
      hint: /network \(VPN, proxy\)/,
    });
  });

  test.concurrent('does not exist: a proxy answers 200 with its page', { timeout: 60_000 }, async () => {
    await using api = await startApiServer({ lists: LISTS });
    api.addFault(IMAGES, 'html', Infinity);
    expectRefusal(await reportFrom(api, ['-A']), {
      exitCode: 1,
      error: /does not list images.*HTTP 200, but not with what was asked for/,
      hint: /Try again later.* a proxy/,
    });
  });

  test('does not accept the token (401)', async () => {
    await using api = await startApiServer({ token: 'sha256~right', lists: LISTS });
    const ended = await reportFrom({ url: api.url, token: 'sha256~wrong' }, ['-A']);
    expectRefusal(ended, { exitCode: 1, error: /does not accept these credentials/, hint: /oc login/ });
    expect(ended.stderr).not.toContain('sha256~wrong');
  });

  test.each([
    { kind: 'images', path: IMAGES },
    { kind: 'imagestreams', path: IMAGE_STREAMS },
  ])('does not let us list $kind (403); the missing right is named', async ({ kind, path }) => {
    await using api = await startApiServer({ lists: LISTS });
    api.addFault(path, { status: 403 }, Infinity);
    const rule = `{apiGroups: ["image.openshift.io"], resources: ["${kind}"], verbs: ["get", "list"]}`;
    const ended = await reportFrom(api, ['-A']);
    expectRefusal(ended, {
      exitCode: 1,
      error: new RegExp(`may not list ${kind}.* at the cluster scope`),
      hint: /Grant a ClusterRole/,
    });
    expect(ended.stderr).toContain(rule);
  });
});

describe('the namespaces', () => {
  test('are not all there: which one is said', async () => {
    await using api = await startApiServer({ lists: LISTS });
    expectRefusal(await reportFrom(api, ['-n', 'd1b5d2-dev', '-n', 'd1b5d2-dve']), {
      exitCode: 1,
      error: /no namespace d1b5d2-dve/,
      hint: /Check the spelling/,
    });
  });

  test('are of several teams, and a mail is for one', async () => {
    const namespaces = [{ metadata: { name: 'd1b5d2-dev' } }, { metadata: { name: 'd1b5d2-test' } }];
    await using api = await startApiServer({ lists: { namespaces } });
    expectRefusal(await reportFrom(api, ['-A', '--output', 'html']), {
      exitCode: 2,
      error: /a mail is for one team, and these namespaces belong to 2/,
      hint: /-n.*--output table, json or csv/,
    });
  });

  test('are none, so there is no mail', async () => {
    await using api = await startApiServer({ lists: {} });
    expectRefusal(await reportFrom(api, ['-A', '--output', 'text']), {
      exitCode: 2,
      error: /no namespace to report/,
      hint: /namespaces\.selector.*namespaces\.exclude/,
    });
  });
});

describe('the options', () => {
  test.each([
    { name: 'name no namespaces', args: [], error: /either -n NAME.* or -A/, hint: /quotagram report -n/ },
    {
      name: 'name some and all',
      args: ['-A', '-n', 'd1b5d2-dev'],
      error: /either -n NAME.* or -A/,
      hint: /quotagram report -n/,
    },
    {
      name: 'have an unknown form',
      args: ['-A', '--output', 'yaml'],
      error: /'yaml' is invalid\. Allowed choices are table, json, csv, html, text/,
      hint: /--help/,
    },
    { name: 'are unknown', args: ['-A', '--wide'], error: /unknown option '--wide'/, hint: /--help/ },
    {
      name: 'lack -n before a name',
      args: ['d1b5d2-dev'],
      error: /too many arguments.*d1b5d2-dev/,
      hint: /--help/,
    },
    {
      name: 'name a configuration that is not there',
      args: ['-A', '--config', 'silver.yaml'],
      error: /configuration silver\.yaml cannot be read/,
      hint: /--config/,
    },
  ])('$name', async ({ args, error, hint }) => {
    expectRefusal(await reportFrom(null, args), { exitCode: 2, error, hint });
  });
});

type Refusal = { readonly exitCode: number; readonly error: RegExp; readonly hint: RegExp };

/** One error, one line on what to do, nothing for a program that reads stdout, and no stack trace. */
const expectRefusal = ({ exitCode, stdout, stderr }: Ended, expected: Refusal): void => {
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-2)).toMatch(/^error: /);
  expect(lines.at(-2)).toMatch(expected.error);
  expect(lines.at(-1)).toMatch(expected.hint);
  expect(lines.filter((line) => line.startsWith('error: '))).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at |node:internal|defect of Quotagram/m);
  expect(stdout).toBe('');
  expect(exitCode).toBe(expected.exitCode);
};
