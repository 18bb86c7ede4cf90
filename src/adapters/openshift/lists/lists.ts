import { z } from 'zod';
import type { Observe } from '../../../pipeline/events.ts';
import type { Now } from '../../../pipeline/ports.ts';
import type { ListReading } from '../../../usage/model.ts';
import { readPage } from '../json/bodies.ts';
import type { Answer, ApiClient } from '../client.ts';
import { formatTime } from '../objects/fields.ts';
import type { Reduction } from '../json/wanted-fields.ts';
import { createReadAhead } from './read-ahead.ts';
import { listPath } from './resources.ts';
import type { Resource } from './resources.ts';

/** What reading a list takes. */
export type ListDeps = {
  readonly client: ApiClient;
  /** Objects a page. */
  readonly pageSize: number;
  readonly now: Now;
  readonly observe: Observe;
};

/** A kind in one namespace, or (null) all over the cluster. */
export type ListRequest = { readonly resource: Resource; readonly namespace: string | null };

/** Why something could not be read. */
export type Refusal = Exclude<Answer<never>, { readonly outcome: 'read' }>;

/** A whole list, with `readAt` and `exact` as in `ListReading`. */
export type ListOutcome<Objects> =
  | {
      readonly outcome: 'read';
      readonly objects: Objects;
      readonly readAt: string;
      readonly exact: boolean;
    }
  | Refusal;

/** Where the objects of a list go: into a new one of these whenever the list is read from its start. */
export type Gathering<Slim, Objects> = {
  readonly start: () => Objects;
  readonly add: (objects: Objects, object: Slim) => void;
  /**
   * Whether an object that is added again takes its own place: then each is added as soon as it is there and all pages before
   * its own are whole, also of a page that comes to nothing and is asked for again. Else all of a page are, once it is whole.
   */
  readonly isRepeatable: boolean;
};

/** Reads a list into an array. */
export const readList = <Slim>(
  deps: ListDeps,
  request: ListRequest,
  reduction: Reduction<Slim>,
): Promise<ListOutcome<readonly Slim[]>> =>
  gatherList(deps, request, {
    ...reduction,
    start: (): Slim[] => [],
    add: (objects, object) => void objects.push(object),
    isRepeatable: false,
  });

/**
 * Reads a list page by page; every object is reduced and dropped before the next. Where the continue token
 * expires on the way (410) the list starts again once and stays exact; after that it goes on from the fresh token.
 */
export const gatherList = async <Slim, Objects>(
  { client, pageSize, now, observe }: Omit<ListDeps, 'client'> & { readonly client: Pick<ApiClient, 'ask'> },
  { resource, namespace }: ListRequest,
  { start, add, isRepeatable, ...reduction }: Reduction<Slim> & Gathering<Slim, Objects>,
): Promise<ListOutcome<Objects>> => {
  const kind = resource.plural;
  const schema = frameSchema(resource);
  let objects = start();
  /** The tokens that whole pages gave, since the list was begun: one that comes again would lead in a circle. */
  const given = new Set<string>();
  const readPageAt = createReadAhead((token, tellNext) => {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token && { continue: token }) });
    return client.ask({
      kind,
      path: `${listPath(resource, namespace)}?${query.toString()}`,
      read: readPage({
        schema,
        reduction,
        onHead: ({ metadata }) => tellNext(metadata.continue),
        // What is asked for ahead may never come to its turn: the page before it may yet be of another moment.
        take: (object) => {
          if (!isRepeatable || !given.has(token)) return false;
          add(objects, object);
          return true;
        },
      }),
    });
  });
  let readAt = formatTime(now());
  let count = 0;
  let pages = 0;
  let token = '';
  let restarted = false;
  let exact = true;
  for (;;) {
    const answer = await readPageAt(token);
    if (answer.outcome === 'expired') {
      const resumeAt = restarted ? answer.freshToken : '';
      if (resumeAt === null || (restarted && resumeAt === token)) return answer;
      if (restarted) exact = false;
      else {
        [readAt, objects, count, pages, restarted] = [formatTime(now()), start(), 0, 0, true];
        given.clear();
      }
      token = resumeAt;
      observe({ type: 'list-restarted', kind, exact });
      continue;
    }
    if (answer.outcome !== 'read') return answer;
    const page = answer.body;
    if (page.fault !== null) throw page.fault.thrown;
    for (const object of page.objects) add(objects, object);
    const found = page.frame.items?.length ?? 0;
    count += found;
    pages += 1;
    observe({ type: 'list-page-read', kind, objects: found });
    const next = page.frame.metadata.continue;
    if (next === '') break;
    if (given.has(next)) return { outcome: 'failing', reason: 'it repeats a continue token' };
    given.add(next);
    token = next;
  }
  observe({ type: 'list-read', kind, objects: count, pages });
  return { outcome: 'read', objects, readAt, exact };
};

/** What was read of a kind, and when; null where nothing was. */
export type PartReading<Objects> = { readonly objects: Objects; readonly list: ListReading | null };

/** Takes the lists of one kind in several namespaces for one that began with the first; null without any. */
export const joinReadings = (
  kind: string,
  [first, ...others]: readonly Omit<ListReading, 'kind'>[],
): ListReading | null =>
  first === undefined
    ? null
    : { kind, readAt: first.readAt, exact: [first, ...others].every(({ exact }) => exact) };

/** A page states its kind; its objects, a 0 each here, do not. `items` may be null where a kind allows it. */
const frameSchema = ({ kind, requiresItems }: Resource) => {
  const items = z.array(z.literal(0));
  return z.object({
    kind: z.literal(`${kind}List`),
    metadata: z.object({ continue: z.string().default('') }),
    items: requiresItems ? items : items.nullable(),
  });
};
