import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { createListCutter } from './list-cutter.ts';

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

/** What a list says of itself, and its objects. */
export type Page<Slim, Frame> = {
  /** Reduced objects. */
  readonly objects: readonly Slim[];
  readonly frame: Frame;
  /** What `slim` threw first, which ends its work; null where it did not. */
  readonly fault: { readonly thrown: unknown } | null;
};

/**
 * Reads a list object by object: `slim` reduces each as soon as it is there. The schema tells from the rest, in which
 * every object is a 0, whether it is the list that was asked for.
 */
export const readPage =
  <Slim, Frame>(schema: z.ZodType<Frame>, slim: (object: unknown) => Slim): ReadBody<Page<Slim, Frame>> =>
  async (chunks) => {
    const objects: Slim[] = [];
    let fault: Page<Slim, Frame>['fault'] = null;
    let isJson = true;
    const cutter = createListCutter((json) => {
      const object = parseJson(json);
      isJson &&= object !== undefined;
      if (!isJson || fault !== null) return;
      try {
        objects.push(slim(object));
      } catch (thrown) {
        fault = { thrown };
      }
    });
    for await (const chunk of chunks) cutter.push(chunk);
    const { data: frame } = schema.safeParse(parseJson(cutter.rest()));
    return isJson && frame !== undefined ? { objects, frame, fault } : undefined;
  };
