/** Characters of a value in an error: a list of classes can be long, a field of a file a megabyte. */
const MAX_CHARACTERS = 80;

/** The start of a text that is too long for an error. */
export const abbreviated = (text: string): string =>
  text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
