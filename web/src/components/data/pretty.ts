// JSON text on several lines, piece by piece: a large value arrives in parts, and a part may end anywhere.

/** Indents JSON text as it comes. What is no JSON passes through with its own line ends kept. */
export class Pretty {
  private depth = 0;
  private inText = false;
  private escaped = false;
  /** A bracket that was just opened: an empty object stays on one line. */
  private opened = '';

  push(part: string): string {
    const out: string[] = [];
    let from = 0;
    const flush = (to: number) => {
      if (to > from) out.push(part.slice(from, to));
    };
    for (let at = 0; at < part.length; at++) {
      const code = part.charCodeAt(at);
      if (this.inText) {
        if (this.escaped) this.escaped = false;
        else if (code === 92) this.escaped = true;
        else if (code === 34) this.inText = false;
        continue;
      }
      const space = code === 32 || code === 10 || code === 13 || code === 9;
      if (space) {
        flush(at);
        from = at + 1;
        continue;
      }
      const closing = code === 125 || code === 93;
      if (this.opened) {
        flush(at);
        from = at;
        if (!closing) out.push(this.line());
        this.opened = '';
        if (closing) {
          this.depth--;
          continue;
        }
      } else if (closing) {
        flush(at);
        from = at;
        this.depth = Math.max(0, this.depth - 1);
        out.push(this.line());
        continue;
      }
      if (code === 34) this.inText = true;
      else if (code === 123 || code === 91) {
        this.depth++;
        this.opened = part[at] as string;
      } else if (code === 44) {
        flush(at + 1);
        from = at + 1;
        out.push(this.line());
      } else if (code === 58) {
        flush(at + 1);
        from = at + 1;
        out.push(' ');
      }
    }
    flush(part.length);
    return out.join('');
  }

  private line(): string {
    return `\n${'  '.repeat(Math.min(this.depth, 60))}`;
  }
}

export function pretty(text: string): string {
  return new Pretty().push(text);
}
