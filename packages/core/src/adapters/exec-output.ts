/** The longest line that is given on; a longer one comes in pieces of this length. */
export const maxLineLength = 8 * 1024;
/** What is kept of each stream, in bytes. */
export const tailBytes = 64 * 1024;

export interface LineSplitter {
  write(text: string): void;
  /** Gives the last line when it had no line feed. */
  end(): void;
}

/**
 * Cuts a stream into lines as a terminal would show them: a line feed ends a line, a carriage return alone starts it
 * anew, so of a progress bar only the last state is given.
 */
export function splitLines(onLine: (line: string) => void): LineSplitter {
  let line = '';
  let returned = false;
  const append = (text: string) => {
    line += text;
    while (line.length > maxLineLength) {
      onLine(line.slice(0, maxLineLength));
      line = line.slice(maxLineLength);
    }
  };
  return {
    write(text) {
      if (returned && text !== '' && !text.startsWith('\n')) line = '';
      if (text !== '') returned = false;
      const parts = text.split('\n');
      parts.forEach((part, index) => {
        const ended = index < parts.length - 1;
        const shown = part.replace(/\r+$/, '');
        const start = shown.lastIndexOf('\r') + 1;
        if (start > 0) line = '';
        append(shown.slice(start));
        if (!ended) returned = shown !== part;
        else {
          onLine(line);
          line = '';
        }
      });
    },
    end() {
      if (line !== '') onLine(line);
      line = '';
    },
  };
}

export interface Tail {
  write(chunk: Uint8Array): void;
  text(): string;
}

/** Keeps the last bytes of a stream; a character that was cut in half at its beginning is left out. */
export function keepTail(limit: number): Tail {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    write(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size < 2 * limit) return;
      chunks = [Buffer.concat(chunks).subarray(-limit)];
      size = limit;
    },
    text() {
      const all = Buffer.concat(chunks);
      const kept = all.subarray(-limit);
      let start = 0;
      while (kept.length < all.length && start < 3 && ((kept[start] ?? 0) & 0xc0) === 0x80) start += 1;
      return kept.toString('utf8', start);
    },
  };
}
