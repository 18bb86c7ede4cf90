import { z } from 'zod';
import type { Observe } from '../../pipeline/events.ts';
import type { Answer, ApiClient } from './client.ts';
import { listPath } from './resources.ts';
import type { Resource } from './resources.ts';

/** A whole list, or why there is none; `exact` is false when its pages are of different moments. */
export type ListOutcome<Slim> =
  | { readonly outcome: 'read'; readonly objects: readonly Slim[]; readonly exact: boolean }
  | Exclude<Answer<never>, { readonly outcome: 'read' | 'expired' }>;

export type ListReader = {
  readonly client: ApiClient;
  readonly pageSize: number;
  readonly observe: Observe;
};

/** What to list: one namespace's objects of a kind, or (null) all of the cluster. */
export type ListRequest = { readonly resource: Resource; readonly namespace: string | null };

/**
 * Reads a list page by page; each page is reduced by `slim` and dropped before the next. A continue token that expires
 * on the way (410) has the list start again once, which keeps it exact; after that it goes on from the fresh token.
 */
export const readList = async <Slim>(
  { client, pageSize, observe }: ListReader,
  { resource, namespace }: ListRequest,
  slim: (object: unknown) => Slim,
): Promise<ListOutcome<Slim>> => {
  const kind = resource.plural;
  const schema = pageSchema(`${resource.kind}List`);
  let objects: Slim[] = [];
  let pages = 0;
  let token = '';
  let restarted = false;
  let exact = true;
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
    const answer = await client.ask({ kind, schema, path: `${listPath(resource, namespace)}?${query}` });
    if (answer.outcome === 'read') {
      for (const object of answer.body.items) objects.push(slim(object));
      pages += 1;
      observe({ type: 'list-page-read', kind, objects: answer.body.items.length });
      token = answer.body.metadata.continue;
      if (token !== '') continue;
      observe({ type: 'list-read', kind, objects: objects.length, pages });
      return { outcome: 'read', objects, exact };
    }
    if (answer.outcome !== 'expired') return answer;
    if (restarted) {
      if (answer.freshToken === null || answer.freshToken === token)
        return { outcome: 'failing', reason: 'HTTP 410 without a way to go on' };
      token = answer.freshToken;
      exact = false;
    } else {
      objects = [];
      pages = 0;
      token = '';
      restarted = true;
    }
    observe({ type: 'list-restarted', kind, exact });
  }
};
