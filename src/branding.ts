/** The name and the look of mails. Colours are `#rrggbb`. */
export type Branding = {
  /** The name of what is measured, in the subject and above the heading; printable ASCII. */
  readonly productName: string;
  /** A line at the top, in the accent colour; null: none. */
  readonly logoText: string | null;
  readonly colors: Colors;
  /** Plain text before and after the figures of a team's mail. */
  readonly paragraphs: { readonly before: readonly string[]; readonly after: readonly string[] };
};

/** Colours for a white page, and for the dark page of a mail program in dark mode. */
export type Colors = Palette & { readonly dark: Palette };

/** `accent`: bars, edges and logo; `alert`: usage over the quota; `link`: links. */
type Palette = { readonly accent: string; readonly alert: string; readonly link: string };

export const DEFAULT_BRANDING: Branding = {
  productName: 'Image registry',
  logoText: null,
  colors: {
    accent: '#2f6db5',
    alert: '#b3261e',
    link: '#1f5fae',
    dark: { accent: '#4b86cc', alert: '#ff8a80', link: '#79b8ff' },
  },
  paragraphs: { before: [], after: [] },
};

/** The page colours of the built-in templates. */
export const BACKGROUNDS = { light: '#ffffff', dark: '#14181d' } as const;

/** The lowest contrast between text and background that WCAG 2.2 allows (AA, success criterion 1.4.3). */
const LEAST_CONTRAST = 4.5;

/** The contrast ratio of two colours as WCAG 2.2 defines it: from 1 (the same) to 21 (black on white). */
export const contrastOf = (one: string, other: string): number => {
  const [brighter = 0, darker = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => b - a);
  return (brighter + 0.05) / (darker + 0.05);
};

/** A colour that is hard to read on its background: its path below `colors`, and what is wrong. */
export type ContrastFault = { readonly path: readonly string[]; readonly message: string };

/** Finds every colour with too little contrast to its background. */
export const findContrastFaults = (
  { dark, ...light }: Colors,
  backgrounds: { readonly light: string; readonly dark: string } = BACKGROUNDS,
): readonly ContrastFault[] => [
  ...faultsOn(backgrounds.light, light, []),
  ...faultsOn(backgrounds.dark, dark, ['dark']),
];

const faultsOn = (
  background: string,
  palette: Palette,
  prefix: readonly string[],
): readonly ContrastFault[] =>
  Object.entries(palette).flatMap(([name, color]) => {
    const contrast = contrastOf(color, background);
    if (contrast >= LEAST_CONTRAST) return [];
    // Rounded down, so that too little never looks like enough.
    const shown = (Math.floor(contrast * 100) / 100).toFixed(2);
    const message = `has a contrast of ${shown}:1 with the background ${background}; it needs ${String(LEAST_CONTRAST)}:1`;
    return [{ path: [...prefix, name], message }];
  });

const luminanceOf = (color: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
