// Markdown for the editor, apart because it brings grammars that few pages need.
import { markdownLanguage as grammar, markdown } from '@codemirror/lang-markdown';
import type { Extension } from '@codemirror/state';
import { celColours } from './cel';

export function markdownLanguage(): Extension {
  return [markdown({ base: grammar, completeHTMLTags: false }), celColours('template')];
}
