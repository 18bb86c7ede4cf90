import { z } from 'zod';
import type { Observe } from '../../pipeline/events.ts';
import type { Now } from '../../pipeline/ports.ts';
import type { ListReading } from '../../usage/registry.ts';
import { readPage } from './bodies.ts';
import type { Answer, ApiClient } from './client.ts';
import { formatTime } from './objects.ts';
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
export type ListOutcome<Slim> =
  | {
      readonly outcome: 'read';
      readonly objects: readonly Slim[];
      readonly readAt: string;
      readonly exact: boolean;
    }
  | Refusal;

/**
 * Reads a list page by page; every object is reduced by `slim` and dropped before the next. Where the continue token
 * expires on the way (410) the list starts again once and stays exact; after that it goes on from the fresh token.
 */
export const readList = async <Slim>(
  { client, pageSize, now, observe }: ListDeps,
  { resource, namespace }: ListRequest,
  slim: (object: unknown) => Slim,
): Promise<ListOutcome<Slim>> => {
  const kind = resource.plural;
  const read = readPage(frameSchema(resource), slim);
  let readAt = formatTime(now());
  let objects: Slim[] = [];
  let pages = 0;
  let token = '';
  let restarted = false;
  let exact = true;
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token && { continue: token }) });
    const answer = await client.ask({
      kind,
      read,
      path: `${listPath(resource, namespace)}?${query.toString()}`,
    });
    if (answer.outcome === 'expired') {
      const resumeAt = restarted ? answer.freshToken : '';
      if (resumeAt === null || (restarted && resumeAt === token)) return answer;
      if (restarted) exact = false;
      else [readAt, objects, pages, restarted] = [formatTime(now()), [], 0, true];
      token = resumeAt;
      observe({ type: 'list-restarted', kind, exact });
      continue;
    }
    if (answer.outcome !== 'read') return answer;
    const page = answer.body;
    if (page.fault !== null) throw page.fault.thrown;
    for (const object of page.objects) objects.push(object);
    pages += 1;
    observe({ type: 'list-page-read', kind, objects: page.objects.length });
    token = page.frame.metadata.continue;
    if (token === '') break;
  }
  observe({ type: 'list-read', kind, objects: objects.length, pages });
  return { outcome: 'read', objects, readAt, exact };
};

/** What was read of a kind, and when; null where nothing was. */
export type PartReading<Slim> = { readonly objects: readonly Slim[]; readonly list: ListReading | null };

/** Takes the lists of one kind in several namespaces for one that began with the first; null without any. */
export const joinReadings = (
  kind: string,
  [first, ...others]: readonly Omit<ListReading, 'kind'>[],
): ListReading | null =>
  first === undefined
    ? null
    : { kind, readAt: first.readAt, exact: [first, ...others].every(({ exact }) => exact) };

/** A page states its kind; its objects, a 0 each here, do not. `items` is null where there are none. */
const frameSchema = ({ kind }: Resource) =>
  z.object({
    kind: z.literal(`${kind}List`),
    metadata: z.object({ continue: z.string().default('') }),
    items: z.array(z.literal(0)).nullable(),
  });
