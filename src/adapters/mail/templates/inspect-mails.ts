import type { Compose, RenderedMail } from '../../../pipeline/ports.ts';
import type { Delivery } from '../../../pipeline/records/delivery.ts';
import { BACKGROUNDS, findContrastFaults } from '../../../branding.ts';
import type { Colors } from '../../../branding.ts';
import { readSummarySample, readUsageSample, varySummary, varyUsage } from './samples.ts';
import { isLightEnough, MAX_HTML_BYTES } from './html-size.ts';

/**
 * Makes every mail from its sample and the variants of it, and says what is wrong with them; empty: nothing. A fault of
 * several is said once. The composer needs a sender.
 */
export const inspectMails = async (compose: Compose, colors: Colors): Promise<readonly string[]> => {
  const found = new Map<string, string>();
  for (const { kind, about, render } of await listSamples(compose)) {
    const rendered = render();
    const { bytes } = await compose.build(
      // Of its attachments the header tells only that there are some.
      { ...rendered, attachments: rendered.attachments.slice(0, 1) },
      sampleDelivery(compose, kind),
    );
    const faults = [
      ...inspectPage(rendered),
      ...inspectText(rendered),
      ...inspectHeaders(new TextDecoder().decode(bytes)),
      ...inspectColors(rendered, colors),
    ].map((fault) => `${kind}: ${fault}`);
    for (const fault of faults) {
      if (!found.has(fault)) found.set(fault, about === null ? fault : `${fault}, in the mail of ${about}`);
    }
  }
  return [...found.values()];
};

type Sample = {
  readonly kind: Delivery['kind'];
  readonly about: string | null;
  readonly render: () => RenderedMail;
};

const listSamples = async (compose: Compose): Promise<readonly Sample[]> => [
  ...varyUsage(await readUsageSample()).map(({ about, mail }) => ({
    kind: 'usage-report' as const,
    about,
    render: () => compose.renderUsage(mail),
  })),
  ...varySummary(await readSummarySample()).map(({ about, summary }) => ({
    kind: 'run-summary' as const,
    about,
    render: () => compose.renderSummary(summary),
  })),
];

/** What keeps a page from being delivered whole, or from being read by everyone. */
export const inspectPage = ({ html }: Pick<RenderedMail, 'html'>): readonly string[] => {
  const tables = [...html.matchAll(/<table\b([^>]*)>((?:(?!<table\b|<\/table>)[^])*)/g)].filter(
    ([, attributes = '']) => !/role="?presentation/.test(attributes),
  );
  const headings = html.match(/<h1\b/g)?.length ?? 0;
  const remote = REMOTE.exec(html)?.[0];
  return [
    ...(isLightEnough(html)
      ? []
      : [`the page is heavier than ${String(MAX_HTML_BYTES)} bytes as it is sent`]),
    ...(/<html\b[^>]*\blang="?[a-z]/.test(html) ? [] : ['the page says no lang']),
    ...(/<title>[^<]*\S[^<]*<\/title>/.test(html) ? [] : ['the page has no title']),
    ...(headings === 1 ? [] : [`the page has ${String(headings)} h1, not one`]),
    ...tables
      .filter(([, , content = '']) => !/<caption\b/.test(content))
      .map(([tag]) => `a table has neither a caption nor role="presentation": ${tag.slice(0, 60)}`),
    ...[...html.matchAll(/<th\b(?![^>]*\bscope="?(?:col|row))[^>]*>/g)].map(([tag]) => `${tag} has no scope`),
    ...(remote === undefined ? [] : [`the page loads something from elsewhere: ${remote}`]),
    ...[...html.matchAll(LINK)].flatMap(([, double, single, bare]) => {
      const url = double ?? single ?? bare ?? '';
      return HARMLESS.test(url)
        ? []
        : [`a link leads to ${url.slice(0, 60)}, which is neither https:// nor mailto:`];
    }),
  ];
};

/** A link's target, wherever it is written in the page: what fills a template cannot write `href=`, as `=` is escaped. */
const LINK = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*))/gi;

/** Where a link may lead; a fragment stays within the mail. Anything else may be hidden behind blanks or entities. */
const HARMLESS = /^(?:https:\/\/|mailto:|#)/i;

/** A page loads nothing: no images, style sheets, fonts or scripts. */
const REMOTE =
  /<(?:img|link|script|iframe|object|embed|video|audio|form)\b|@import|\burl\(|\b(?:src|srcset|background)=/i;

/** Some read only the text. */
export const inspectText = ({ text }: Pick<RenderedMail, 'text'>): readonly string[] =>
  /\S/.test(text) ? [] : ['the text part is empty'];

/** Headers must be ASCII, and no line longer than 998 characters (RFC 5322). */
export const inspectHeaders = (message: string): readonly string[] =>
  message
    .slice(0, message.indexOf('\r\n\r\n'))
    .split('\r\n')
    .flatMap((line) => {
      const name = line.slice(0, 30);
      if (/[^\t\x20-\x7e]/.test(line)) return [`a header is not ASCII: ${JSON.stringify(name)}`];
      return line.length > 998 ? [`a header's line is longer than 998 characters: ${name}`] : [];
    });

/** The configured colours on what the style sheet makes the page's background. */
const inspectColors = ({ html }: RenderedMail, colors: Colors): readonly string[] => {
  const sheets = [...html.matchAll(/<style[^>]*>([^]*?)<\/style>/g)]
    .map(([, sheet = '']) => sheet)
    .join('\n');
  const [light = '', dark = ''] = sheets.split(/@media[^{]*prefers-color-scheme:\s*dark[^{]*\{/);
  return findContrastFaults(colors, {
    light: backgroundIn(light) ?? BACKGROUNDS.light,
    dark: backgroundIn(dark) ?? BACKGROUNDS.dark,
  }).map(({ path, message }) => `branding.colors.${path.join('.')} ${message}`);
};

const backgroundIn = (sheet: string): string | null =>
  /(?:^|[\s,}])body\b[^{}]*\{[^}]*background(?:-color)?:\s*(#[0-9a-f]{6})\b/i.exec(sheet)?.[1] ?? null;

const sampleDelivery = (compose: Compose, kind: Delivery['kind']): Delivery => ({
  id: compose.hashId('sample', kind),
  runId: 'sample',
  kind,
  thread: { id: compose.hashId('sample', 'thread'), last: compose.hashId('sample', 'last') },
  teamId: 'ns:sample',
  recipient: { address: 'sample@example.com', roles: [], rule: '--to' },
  namespaces: ['sample'],
  state: 'planned',
  date: '2026-11-23T16:00:00Z',
  changedAt: '2026-11-23T16:00:00Z',
  nextTryAt: null,
  detail: null,
});
