/**
 * Tells class names apart that look alike: file systems and archives store one name in several forms.
 */

interface Form {
  /** How two names of this kind differ. */
  readonly how: string;
  /** Equal for names that differ in no other way. */
  readonly key: (name: string) => string;
  /** Whether a reader cannot see the difference. */
  readonly isInvisible: boolean;
}

const nfc = (name: string) => name.normalize('NFC');

const FORMS: readonly Form[] = [
  { how: 'only in their Unicode form (NFC, NFD)', key: nfc, isInvisible: true },
  { how: 'only in spaces', key: (name) => nfc(name).trim().replaceAll(/\s+/g, ' '), isInvisible: true },
  { how: 'only in upper and lower case', key: (name) => nfc(name).toLowerCase(), isInvisible: false },
];

/**
 * A hint on the first of `names` that one of `others` looks like, to add to an error; empty if there is none.
 *
 * @param forms `invisible` leaves out names that differ in case, which may be two classes
 */
export function lookAlikeHint(
  names: readonly string[],
  others: readonly string[],
  forms: 'all' | 'invisible' = 'all',
): string {
  const compared = FORMS.filter(({ isInvisible }) => isInvisible || forms === 'all');
  for (const name of names) {
    for (const other of others.filter((each) => each !== name)) {
      const form = compared.find(({ key }) => key(name) === key(other));
      if (form !== undefined) return ` (${name} and ${other} differ ${form.how}: rename one)`;
    }
  }
  return '';
}
