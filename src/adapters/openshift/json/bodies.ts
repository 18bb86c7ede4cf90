import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { z } from 'zod';
import { createListCutter } from './list-cutter.ts';
import type { Reduction } from './wanted-fields.ts';

/** Turns the body of an answer into what was asked for; undefined where it is anything else. */
export type ReadBody<Body> = (body: Readable) => Promise<Body | undefined>;

/** Undefined for what is no JSON. */
export const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** Reads one object. */
export const readObject =
  <Body>(schema: z.ZodType<Body>): ReadBody<Body> =>
  async (body) =>
    schema.safeParse(parseJson(await text(body))).data;

/** How a page is read. */
export type PageReading<Slim, Frame> = {
  /** Tells from the rest, in which every object is a 0, whether it is the list that was asked for. */
  readonly schema: z.ZodType<Frame>;
  readonly reduction: Reduction<Slim>;
  /** Takes what the list says of itself before its objects, where it does, long before these have arrived. */
  readonly onHead: (head: Frame) => void;
  /**
   * May take an object of a list that has said of itself that it is the right one, long before the rest of its page has
   * arrived, if that ever does; false: the page keeps it.
   */
  readonly take: (object: Slim) => boolean;
};

/** What a list says of itself, and its objects. */
export type Page<Slim, Frame> = {
  /** Reduced objects that were not taken before. */
  readonly objects: readonly Slim[];
  readonly frame: Frame;
  /** What `reduce` threw first, which ends its work; null where it did not. */
  readonly fault: { readonly thrown: unknown } | null;
};

/** Reads a list object by object, each of which is reduced as soon as it is there. */
export const readPage =
  <Slim, Frame>({
    schema,
    reduction: { fields, reduce },
    onHead,
    take,
  }: PageReading<Slim, Frame>): ReadBody<Page<Slim, Frame>> =>
  async (body) => {
    const objects: Slim[] = [];
    let fault: Page<Slim, Frame>['fault'] = null;
    let isJson = true;
    let isHeadRight = false;
    const cutter = createListCutter(fields, (json) => {
      const object = parseJson(json);
      isJson &&= object !== undefined;
      if (!isJson || fault !== null) return;
      try {
        const slim = reduce(object);
        if (!isHeadRight || !take(slim)) objects.push(slim);
      } catch (thrown) {
        fault = { thrown };
      }
    });
    let hasHead = false;
    await forEachChunk(body, (chunk) => {
      cutter.push(chunk);
      const head = hasHead ? null : cutter.head();
      if (head !== null) {
        hasHead = true;
        const { data } = schema.safeParse(parseJson(head));
        isHeadRight = data !== undefined;
        if (data !== undefined) onHead(data);
      }
    });
    const { data: frame } = schema.safeParse(parseJson(cutter.rest()));
    return isJson && frame !== undefined ? { objects, frame, fault } : undefined;
  };

/** After so many bytes others get their turn: a body that has arrived as a whole would keep timers waiting. */
const TURN_BYTES = 1_000_000;

/** Quicker than a loop over the body, which waits for every chunk. */
const forEachChunk = (body: Readable, take: (chunk: Uint8Array) => void): Promise<void> => {
  let sinceTurn = 0;
  body.on('data', (chunk: Uint8Array) => {
    try {
      take(chunk);
    } catch (thrown) {
      body.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    sinceTurn += chunk.length;
    if (sinceTurn < TURN_BYTES) return;
    sinceTurn = 0;
    body.pause();
    setImmediate(() => body.resume());
  });
  return finished(body);
};
