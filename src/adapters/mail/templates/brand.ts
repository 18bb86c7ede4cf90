import { DEFAULT_BRANDING } from '../../../branding.ts';
import type { Branding } from '../../../branding.ts';

/** Where readers find help and documentation. */
type Contact = {
  readonly help: { readonly text: string; readonly url: string | null } | null;
  readonly docsUrl: string | null;
};

/** What the platform says of itself in every mail. */
export type Brand = Contact & Branding;

/** The parts of the configuration that make a brand. */
export type BrandOptions = {
  readonly mail: {
    readonly help?: { readonly text: string; readonly url?: string | null } | null;
    readonly docs?: { readonly url: string } | null;
  };
  readonly branding?: Branding;
};

/** The brand that is configured. Links go to https only. */
export const brandOf = ({ mail: { help, docs }, branding = DEFAULT_BRANDING }: BrandOptions): Brand => ({
  ...branding,
  help: help === null || help === undefined ? null : { text: help.text, url: httpsOnly(help.url) },
  docsUrl: httpsOnly(docs?.url),
});

const httpsOnly = (url: string | null | undefined): string | null =>
  url?.startsWith('https://') === true ? url : null;
