/** SVG to PNG, the same bytes on every machine: with a font from a package instead of the machine's own. */
import { Resvg } from '@resvg/resvg-js';

const FONTS = ['400Regular/Inter_400Regular', '600SemiBold/Inter_600SemiBold'];

/** Renders an SVG document at its own size. */
export function svgToPng(svg: string): Buffer {
  const fontFiles = FONTS.map((font) => require.resolve(`@expo-google-fonts/inter/${font}.ttf`));
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: 'Inter', sansSerifFamily: 'Inter' };
  return new Resvg(svg, { font }).render().asPng();
}
