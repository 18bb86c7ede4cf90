import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { ReadBody } from '../../../../src/adapters/openshift/json/bodies.ts';
import type { Answer } from '../../../../src/adapters/openshift/client.ts';
import { gatherList } from '../../../../src/adapters/openshift/lists/lists.ts';
import { IMAGES } from '../../../../src/adapters/openshift/lists/resources.ts';

/** A list whose objects are taken as they arrive, from an API that changes meanwhile and answers when it is told to. */

const open = () => {
  const requests = new Map<string, Request>();
  const ask = <Body>({ path, read }: { readonly path: string; readonly read: ReadBody<Body> }) => {
    const { promise, resolve } = Promise.withResolvers<Answer<Body>>();
    const token = new URLSearchParams(path.split('?')[1]).get('continue') ?? '';
    requests.set(token, {
      send: async (text) => {
        const body = new PassThrough();
        const reading = read(body);
        // What a list says of itself comes before its objects, long before them.
        for (const part of [text.slice(0, text.indexOf('[') + 1), text.slice(text.indexOf('[') + 1)]) {
          body.write(part);
          await turns();
        }
        return {
          end: async (rest) => {
            body.end(rest);
            const page = await reading;
            if (page !== undefined) resolve({ outcome: 'read', body: page });
            await turns();
          },
          cut: async () => {
            body.destroy(new Error('cut'));
            await expect(reading).rejects.toThrow('cut');
          },
        };
      },
      expire: async (freshToken) => {
        resolve({ outcome: 'expired', freshToken });
        await turns();
      },
    });
    return promise;
  };
  const list = gatherList(
    { client: { ask }, pageSize: 1, now: () => new Date(0), observe: () => {} },
    { resource: IMAGES, namespace: null },
    {
      fields: 'all',
      reduce: (object) => JSON.stringify(object),
      start: () => new Set<string>(),
      add: (objects, object) => void objects.add(object),
      isRepeatable: true,
    },
  );
  const request = (token: string): Request => {
    const asked = requests.get(token);
    if (asked === undefined) throw new Error(`not asked for: ${token}`);
    return asked;
  };
  return { list, request };
};

type Sending = { readonly end: (rest?: string) => Promise<void>; readonly cut: () => Promise<void> };
type Request = {
  readonly send: (text: string) => Promise<Sending>;
  readonly expire: (freshToken: string) => Promise<void>;
};

const head = (next: string) => `{"kind":"ImageList","metadata":{"continue":"${next}"},"items":[`;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const objectsOf = async (list: ReturnType<typeof open>['list']) => {
  const read = await list;
  if (read.outcome !== 'read') throw new Error(read.outcome);
  return { objects: [...read.objects].toSorted(), exact: read.exact };
};

test('what a page of an earlier moment held is not in it, when the page before that is asked for again', async () => {
  const { list, request } = open();
  const first = await request('').send(`${head('then')}{"n":1}`);
  const ahead = await request('then').send(`${head('')}{"n":"deleted since"}`);
  await first.cut();
  const again = await request('').send(`${head('now')}{"n":1}`);
  await again.end(']}');
  await ahead.end(']}');
  await (await request('now').send(`${head('')}{"n":2}`)).end(']}');
  expect(await objectsOf(list)).toEqual({ objects: ['{"n":1}', '{"n":2}'], exact: true });
});

test('a page that was asked for ahead is in the list that began anew, under the same token', async () => {
  const { list, request } = open();
  await (await request('').send(`${head('a')}{"n":1}`)).end(']}');
  const second = await request('a').send(`${head('b')}{"n":2}`);
  const third = await request('b').send(`${head('')}{"n":3}`);
  await second.cut();
  await request('a').expire('fresh');
  await third.end(']}');
  await (await request('').send(`${head('a')}{"n":1}`)).end(']}');
  await (await request('a').send(`${head('b')}{"n":2}`)).end(']}');
  expect(await objectsOf(list)).toEqual({ objects: ['{"n":1}', '{"n":2}', '{"n":3}'], exact: true });
});

test('nothing is added to it once it is through', async () => {
  const { list, request } = open();
  await (await request('').send(`${head('a')}{"n":1}`)).end(']}');
  await request('a').expire('unused');
  await (await request('').send(`${head('a')}{"n":1}`)).end(']}');
  const second = await request('a').send(`${head('b')}{"n":2}`);
  const stale = await request('b').send(head(''));
  await second.cut();
  await request('a').expire('fresh');
  await (await request('fresh').send(`${head('')}{"n":2}`)).end(']}');
  const { objects, exact } = await objectsOf(list);
  await stale.end('{"n":"of another moment"}]}');
  expect({ objects, exact }).toEqual({ objects: ['{"n":1}', '{"n":2}'], exact: false });
  expect(await objectsOf(list)).toEqual({ objects, exact });
});
