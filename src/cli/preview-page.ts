import type { Reporter } from '../app.ts';
import { formatBytes, formatCount } from '../usage/format.ts';

export type PreviewedMail = Awaited<ReturnType<Reporter['previewNamespaces']>>[number];

/** What a mail program of that colour scheme shows, whatever scheme this browser has: only in style sheets and metas. */
export const forceScheme = (html: string, scheme: 'light' | 'dark'): string =>
  html
    .replace(/<style[^>]*>[^]*?<\/style>/g, (sheet) =>
      sheet.replace(/\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/g, (_query, asked: string) =>
        asked === scheme ? '(min-width: 0)' : '(max-width: 0)',
      ),
    )
    .replace(
      /<meta name="((?:supported-)?color-schemes?)" content="[^"]*">/g,
      (_meta, name: string) => `<meta name="${name}" content="${scheme}">`,
    );

/** The page that shows one of the mails on every screen; `base` leads from it to the start. */
export const renderPreviewPage = (mails: readonly PreviewedMail[], index: number, base: string): string => {
  const mail = mails[index];
  const title = mail?.rendered.subject ?? 'No mail';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${mails.length > 1 ? listMails(mails, index, base) : ''}
${mail === undefined ? '' : showMail(mail, `${base}${String(index + 1)}/`)}
</main>
</body>
</html>
`;
};

const listMails = (mails: readonly PreviewedMail[], index: number, base: string): string => {
  const links = mails.map(({ delivery, rendered }, place) => {
    const current = place === index ? ' aria-current="page"' : '';
    const text = `${delivery.recipient.address}: ${rendered.subject}`;
    return `<li><a href="${base}${String(place + 1)}/"${current}>${escape(text)}</a></li>`;
  });
  return `<nav aria-label="Mails"><ol>\n${links.join('\n')}\n</ol></nav>`;
};

const showMail = ({ delivery, rendered, message }: PreviewedMail, folder: string): string => {
  const { address, rule } = delivery.recipient;
  const source = new TextDecoder().decode(message.bytes);
  const attachments = rendered.attachments.map(
    ({ filename, content }, place) =>
      `<li><a href="${folder}${String(place + 1)}">${escape(filename)}</a>, ${formatBytes(Buffer.byteLength(content))}</li>`,
  );
  return `<p>To ${escape(address)} (${escape(rule)}). Nothing is sent. ${formatBytes(message.bytes.length)} in all:
<a href="${folder}message.eml">message.eml</a>, or <a href="${folder}message.txt">to read here</a>.</p>
<h2>Page</h2>
<div class="frames">
${FRAMES.map(
  ({
    width,
    scheme,
  }) => `<figure><figcaption><a href="${folder}${scheme}.html">${scheme}</a>, ${width} px</figcaption>
<iframe sandbox title="${scheme}, ${width} px" src="${folder}${scheme}.html" width="${width}" height="800"></iframe></figure>`,
).join('\n')}
</div>
<h2>Text</h2>
<pre tabindex="0">${escape(rendered.text)}</pre>
<h2>Headers</h2>
<pre tabindex="0">${escape(source.slice(0, source.indexOf('\r\n\r\n')))}</pre>
<h2>${formatCount(attachments.length, 'attachment')}</h2>
<ul>
${attachments.join('\n')}
</ul>`;
};

const FRAMES = [
  { width: '600', scheme: 'light' },
  { width: '360', scheme: 'light' },
  { width: '600', scheme: 'dark' },
  { width: '360', scheme: 'dark' },
] as const;

const escape = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => `&#${String(character.charCodeAt(0))};`);

const STYLE = `
:root { background: #ffffff; color: #1b1f24; color-scheme: light dark; }
a { color: #1f5fae; }
@media (prefers-color-scheme: dark) {
  :root { background: #14181d; color: #e6edf3; }
  a { color: #79b8ff; }
}
body { font: 16px/1.5 Arial, Helvetica, sans-serif; margin: 0; }
main { margin: 0 auto; max-width: 1040px; padding: 24px; }
h1 { font-size: 24px; line-height: 32px; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 32px 0 8px; }
.frames { display: flex; flex-wrap: wrap; gap: 24px; }
figure { margin: 0; max-width: 100%; overflow-x: auto; }
figcaption { padding-bottom: 4px; }
iframe { border: 1px solid #8c959f; }
pre { border: 1px solid #8c959f; font: 13px/1.5 Consolas, Menlo, monospace; margin: 0; overflow: auto; padding: 12px; }
[aria-current] { font-weight: bold; }
`;
