// Other ids for nodes in the text of expressions.
import { templatesIn, wordsOf } from './templates';

/**
 * The text with `nodes.<id>` and `nodes['<id>']` under other ids. With `templatesOnly` only what stands in `{{ … }}` is an
 * expression; all else of the text stays as it is, and so do strings inside an expression.
 */
export function renameInText(text: string, names: ReadonlyMap<string, string>, templatesOnly = false): string {
  if (!templatesOnly) return renameInExpression(text, names);
  let out = '';
  let at = 0;
  for (const region of templatesIn(text)) {
    out += text.slice(at, region.exprFrom) + renameInExpression(text.slice(region.exprFrom, region.exprTo), names);
    at = region.exprTo;
  }
  return out + text.slice(at);
}

function renameInExpression(text: string, names: ReadonlyMap<string, string>): string {
  const words = wordsOf(text);
  let out = '';
  let at = 0;
  for (let index = 0; index + 2 < words.length; index++) {
    const [root, dot, id] = [words[index], words[index + 1], words[index + 2]];
    if (!root || !dot || !id || root.kind !== 'name' || text.slice(root.from, root.to) !== 'nodes') continue;
    const operator = text.slice(dot.from, dot.to);
    const written = text.slice(id.from, id.to);
    if (operator === '.' || operator === '.?') {
      const to = names.get(written.replaceAll('`', ''));
      if (to === undefined) continue;
      out += text.slice(at, operator === '.' ? root.to : dot.to) + (operator === '.' ? memberOf(to) : quotedOr(to));
      at = id.to;
    } else if ((operator === '[' || operator === '[?') && id.kind === 'string') {
      const to = names.get(written.slice(1, -1));
      if (to === undefined) continue;
      const quote = written[0] as string;
      out += `${text.slice(at, id.from)}${quote}${to}${quote}`;
      at = id.to;
    }
  }
  return out + text.slice(at);
}

function memberOf(id: string): string {
  return id.includes('-') ? `['${id}']` : `.${id}`;
}

function quotedOr(id: string): string {
  return id.includes('-') ? `\`${id}\`` : id;
}
