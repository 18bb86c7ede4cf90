import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { createListCutter } from './list-cutter.ts';
import type { Reduction } from './members.ts';

/** A body as it arrives. */
export type Chunks = AsyncIterable<Uint8Array>;

/** Turns the body of an answer into what was asked for; undefined where it is anything else. */
export type ReadBody<Body> = (chunks: Chunks) => Promise<Body | undefined>;

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
  async (chunks) =>
    schema.safeParse(parseJson(await text(chunks))).data;

/** How a page is read. */
export type PageReading<Slim, Frame> = {
  /** Tells from the rest, in which every object is a 0, whether it is the list that was asked for. */
  readonly schema: z.ZodType<Frame>;
  readonly reduction: Reduction<Slim>;
  /** Takes what the list says of itself before its objects, where it does, long before these have arrived. */
  readonly onHead: (head: Frame) => void;
};

/** What a list says of itself, and its objects. */
export type Page<Slim, Frame> = {
  /** Reduced objects. */
  readonly objects: readonly Slim[];
  readonly frame: Frame;
  /** What `reduce` threw first, which ends its work; null where it did not. */
  readonly fault: { readonly thrown: unknown } | null;
};

/** After so many bytes of a page others get their turn: one that has arrived as a whole would keep timers waiting. */
const TURN_BYTES = 1_000_000;

/** Reads a list object by object, each of which is reduced as soon as it is there. */
export const readPage =
  <Slim, Frame>({
    schema,
    reduction: { members, reduce },
    onHead,
  }: PageReading<Slim, Frame>): ReadBody<Page<Slim, Frame>> =>
  async (chunks) => {
    const objects: Slim[] = [];
    let fault: Page<Slim, Frame>['fault'] = null;
    let isJson = true;
    const cutter = createListCutter(members, (json) => {
      const object = parseJson(json);
      isJson &&= object !== undefined;
      if (!isJson || fault !== null) return;
      try {
        objects.push(reduce(object));
      } catch (thrown) {
        fault = { thrown };
      }
    });
    let sinceTurn = 0;
    let hasHead = false;
    for await (const chunk of chunks) {
      cutter.push(chunk);
      const head = hasHead ? null : cutter.head();
      if (head !== null) {
        hasHead = true;
        const { data } = schema.safeParse(parseJson(head));
        if (data !== undefined) onHead(data);
      }
      sinceTurn += chunk.length;
      if (sinceTurn < TURN_BYTES) continue;
      sinceTurn = 0;
      await nextTurn();
    }
    const { data: frame } = schema.safeParse(parseJson(cutter.rest()));
    return isJson && frame !== undefined ? { objects, frame, fault } : undefined;
  };
