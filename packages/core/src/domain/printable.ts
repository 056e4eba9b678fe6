/**
 * Text from outside on its way to a log or a summary: line ends become line feeds, terminal escape sequences and other
 * control characters (ECMA-48, C0 and C1) go, tabs stay. What a workflow command would need is not removed here: the log
 * shows it as text, see Log.
 */
export function printable(text: string): string {
  return (
    text
      // CSI and OSC sequences whole, so that no half of one is left to read
      .replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, '')
      .replace(/\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)/g, '')
      .replace(/\r\n?|\u0085|\u2028|\u2029/g, '\n')
      .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '')
  );
}

/** The same on one line of at most `length` characters. */
export function oneLine(text: string, length = 300): string {
  const line = printable(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
