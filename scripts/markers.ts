/** A text with other content between its comments `<!-- marker -->` and `<!-- /marker -->`. */
export function between(text: string, marker: string, content: string, file: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start < 0 || end < start) throw new Error(`${file}: the markers ${open} and ${close} are not there`);
  return `${text.slice(0, start + open.length)}\n\n${content}\n\n${text.slice(end)}`;
}
