// Colours of expressions in CodeMirror: the whole text (`expression`), or what stands in `{{ … }}` (`template`). Only what is
// on the screen is read.
import { type Extension, RangeSetBuilder } from '@codemirror/state';
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import type { FieldMode } from '../completion';
import { templatesIn, wordsOf } from '../templates';

const template = Decoration.mark({ class: 'cm-template' });
const brace = Decoration.mark({ class: 'cm-cel-brace' });
const marks = new Map(
  ['name', 'call', 'keyword', 'number', 'string', 'comment', 'bad'].map((kind) => [
    kind,
    Decoration.mark({ class: `cm-cel-${kind}` }),
  ]),
);

// A template may reach over the edge of the screen; more than this before it is not looked at.
const BEFORE = 4096;

function decorate(view: EditorView, mode: FieldMode): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  let done = 0;
  for (const visible of view.visibleRanges) {
    const from = Math.max(done, visible.from - BEFORE, 0);
    const text = view.state.sliceDoc(from, Math.min(view.state.doc.length, visible.to + BEFORE));
    if (mode === 'expression') {
      paint(builder, text, from);
    } else {
      for (const region of templatesIn(text)) {
        // Without its end on this screen it is more likely a pair of braces in a text than a template.
        if (!region.closed) continue;
        builder.add(from + region.from, from + region.to, template);
        builder.add(from + region.from, from + region.exprFrom, brace);
        paint(builder, text.slice(region.exprFrom, region.exprTo), from + region.exprFrom);
        builder.add(from + region.exprTo, from + region.to, brace);
      }
    }
    done = Math.min(view.state.doc.length, visible.to + BEFORE);
  }
  return builder.finish();
}

function paint(builder: RangeSetBuilder<Decoration>, text: string, from: number): void {
  for (const word of wordsOf(text)) {
    const mark = marks.get(word.kind);
    if (mark) builder.add(from + word.from, from + word.to, mark);
  }
}

export function celColours(mode: FieldMode): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = decorate(view, mode);
      }
      update(update: ViewUpdate) {
        if (update.docChanged || update.viewportChanged) this.decorations = decorate(update.view, mode);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}
