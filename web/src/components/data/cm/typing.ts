// Typing over a selection. Chromium would keep the selection's looks by a style attribute, which the content policy refuses and
// reports each time; so the editor replaces the text itself.
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

export function typingOver(): Extension {
  return EditorView.domEventHandlers({
    beforeinput(event, view) {
      const { state } = view;
      const text = event.data;
      if (event.inputType !== 'insertText' || !text || view.composing || state.readOnly || state.selection.main.empty) {
        return false;
      }
      const { from, to } = state.selection.main;
      const insert = () =>
        state.update(state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
      event.preventDefault();
      // Others may have their own way with it: brackets go around a selection.
      const handled = state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert));
      if (!handled) view.dispatch(insert());
      return true;
    },
  });
}
