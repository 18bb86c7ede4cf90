import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { forceScheme, renderPreviewPage } from './preview-page.ts';
import type { PreviewedMail } from './preview-page.ts';

/** The preview as it is served. */
export type Preview = AsyncDisposable & { readonly url: string };

/**
 * Serves mails on this machine alone, for the eye: a page of each mail, its bodies, its source and its attachments. The
 * address holds a secret, because others may work on the machine; nothing that is served can reach beyond it.
 */
export const servePreview = async (mails: readonly PreviewedMail[]): Promise<Preview> => {
  const root = `/${randomUUID()}/`;
  const resources = listResources(mails);
  const server = createServer((request, response) => {
    // A name that resolves to this machine is how a page elsewhere would reach in.
    const isOurs = request.headers.host === `127.0.0.1:${String(portOf())}`;
    const path = request.url ?? '';
    const resource = isOurs && path.startsWith(root) ? resources.get(path.slice(root.length)) : undefined;
    if (request.method === 'GET' && resource !== undefined) answer(response, 200, resource);
    else answer(response, 404, NOTHING);
  });
  const portOf = (): number => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String(portOf())}${root}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

type Resource = {
  readonly contentType: string;
  readonly content: string | Uint8Array;
  readonly policy: string;
  /** Saved under this name; null: shown. */
  readonly filename: string | null;
};

/** By path: the page of a mail at `1/`, what it shows beside it; the page of the first one is the start, too. */
const listResources = (mails: readonly PreviewedMail[]): ReadonlyMap<string, Resource> =>
  new Map(
    mails.flatMap((mail, index): readonly (readonly [string, Resource])[] => {
      const folder = `${String(index + 1)}/`;
      const page = (base: string): Resource =>
        shown('html', renderPreviewPage(mails, index, base), PAGE_POLICY);
      return [
        ...(index === 0 ? [['', page('')] as const] : []),
        [folder, page('../')],
        [`${folder}light.html`, shown('html', forceScheme(mail.rendered.html, 'light'), MAIL_POLICY)],
        [`${folder}dark.html`, shown('html', forceScheme(mail.rendered.html, 'dark'), MAIL_POLICY)],
        [`${folder}text.txt`, shown('plain', mail.rendered.text, MAIL_POLICY)],
        [`${folder}message.txt`, shown('plain', mail.message.bytes, MAIL_POLICY)],
        [
          `${folder}message.eml`,
          {
            contentType: 'message/rfc822',
            content: mail.message.bytes,
            policy: MAIL_POLICY,
            filename: 'message.eml',
          },
        ],
        ...mail.rendered.attachments.map(
          ({ contentType, content, filename }, place) =>
            [
              `${folder}${String(place + 1)}`,
              { contentType, content, policy: MAIL_POLICY, filename },
            ] as const,
        ),
      ];
    }),
  );

/** A mail may do what it may in a mail program: show its own style. */
const MAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const shown = (kind: 'html' | 'plain', content: string | Uint8Array, policy: string): Resource => ({
  contentType: `text/${kind}; charset=utf-8`,
  content,
  policy,
  filename: null,
});

const NOTHING = shown('plain', 'There is nothing here.\n', MAIL_POLICY);

const answer = (response: ServerResponse, status: number, resource: Resource): void => {
  response.writeHead(status, {
    'Content-Type': resource.contentType,
    'Content-Security-Policy': resource.policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    ...(resource.filename !== null && {
      'Content-Disposition': `attachment; filename="${resource.filename.replaceAll(/[^\w.-]/g, '_')}"`,
    }),
  });
  response.end(resource.content);
};
