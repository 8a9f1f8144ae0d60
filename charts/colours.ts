/**
 * The colours of charts.
 */

/**
 * Okabe and Ito's colours, which colour-blind readers can distinguish, and greys.
 *
 * @see https://jfly.uni-koeln.de/color/
 */
export const COLOURS = {
  blue: '#0072b2',
  vermilion: '#d55e00',
  green: '#009e73',
  orange: '#e69f00',
  sky: '#56b4e9',
  ink: '#1a1a1a',
  quiet: '#5c5c5c',
  grid: '#e3e3e3',
  paper: '#ffffff',
} as const;

/**
 * Mixes a colour with white.
 *
 * @param colour as `#rrggbb`
 * @param share of the colour: 0 gives white, 1 the colour itself
 */
export function tint(colour: string, share: number): string {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const mixed = channels.map((channel) => Math.round(255 + (channel - 255) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
