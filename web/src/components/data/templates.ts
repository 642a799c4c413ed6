// Where templates, `{{ … }}`, stand in a text, and the words of an expression.

/** A template in a text. Offsets; `closed` is false while its `}}` is not written yet. */
export interface Region {
  from: number;
  to: number;
  /** The expression between the braces, spaces included. */
  exprFrom: number;
  exprTo: number;
  closed: boolean;
}

/** All templates of a text, in order. A `}}` inside a string of the expression does not end it. */
export function templatesIn(text: string): Region[] {
  const found: Region[] = [];
  for (let from = text.indexOf('{{'); from !== -1; from = text.indexOf('{{', from)) {
    let at = from + 2;
    let closed = false;
    // A map literal, as in `{{ {'a': {'b': 1}} }}`, has closing braces of its own.
    let depth = 0;
    while (at < text.length) {
      const letter = text[at] as string;
      if (letter === "'" || letter === '"') {
        const end = skipText(text, at);
        if (end === undefined) {
          at = text.length;
          break;
        }
        at = end;
        continue;
      }
      if (letter === '{') depth++;
      if (letter === '}') {
        if (depth > 0) depth--;
        else if (text[at + 1] === '}') {
          closed = true;
          break;
        }
      }
      at++;
    }
    found.push({ from, to: closed ? at + 2 : at, exprFrom: from + 2, exprTo: at, closed });
    from = closed ? at + 2 : text.length;
  }
  return found;
}

export function hasTemplate(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('{{');
  if (Array.isArray(value)) return value.some(hasTemplate);
  if (typeof value === 'object' && value !== null) return Object.values(value).some(hasTemplate);
  return false;
}

/** Whether the whole text is one template, so that the value keeps its type. */
export function isWholeTemplate(text: string): boolean {
  const [first] = templatesIn(text);
  return first?.closed === true && first.from === 0 && first.to === text.length;
}

// The end of a string literal that begins at `at`: one or three quotes, raw (`r'…'`) without escapes.
function skipText(text: string, at: number): number | undefined {
  const quote = text[at] as string;
  const raw = /(^|[^A-Za-z0-9_])[bB]?[rR][bB]?$/.test(text.slice(Math.max(0, at - 3), at));
  const mark = text.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  for (at += mark.length; at < text.length; at++) {
    if (!raw && text[at] === '\\') at++;
    else if (text.startsWith(mark, at)) return at + mark.length;
  }
  return undefined;
}

export type WordKind = 'name' | 'member' | 'call' | 'keyword' | 'number' | 'string' | 'operator' | 'comment' | 'bad';

export interface Word {
  from: number;
  to: number;
  kind: WordKind;
}

const WORD =
  /(\/\/[^\n]*)|((?:[bB]?[rR]|[rR]?[bB])?(?:'''[\s\S]*?(?:'''|$)|"""[\s\S]*?(?:"""|$)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?))|(0x[0-9A-Fa-f]+u?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?)|([A-Za-z_][A-Za-z0-9_]*)|(`[^`\n]*`?)|([-+*/%<>=!&|?:.,()[\]{}]+)|(\S)/g;

/** The words of a CEL expression, for colours. What cannot be read is `bad`, never an error. */
export function wordsOf(expression: string): Word[] {
  const words: Word[] = [];
  let afterDot = false;
  for (const match of expression.matchAll(WORD)) {
    const [text, comment, string, number, name, quoted, operator] = match;
    const from = match.index;
    const to = from + text.length;
    let kind: WordKind = 'bad';
    if (comment !== undefined) kind = 'comment';
    else if (string !== undefined) kind = 'string';
    else if (number !== undefined) kind = 'number';
    else if (quoted !== undefined) kind = 'member';
    else if (operator !== undefined) kind = 'operator';
    else if (name !== undefined) {
      if (/^\s*\(/.test(expression.slice(to, to + 8))) kind = 'call';
      else if (afterDot) kind = 'member';
      else kind = /^(true|false|null|in)$/.test(name) ? 'keyword' : 'name';
    }
    words.push({ from, to, kind });
    afterDot = operator !== undefined && /\.\??$/.test(operator);
  }
  return words;
}
