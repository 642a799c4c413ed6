// Keeping an editor and the text that is given to it in step.
import { Annotation, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

/** Marks a change that came from outside, so that it is not told back. */
export const fromOutside = Annotation.define<boolean>();

/** Replaces what differs, so that the cursor stays where the text around it stays. True: something did. */
export function setText(view: EditorView, text: string): boolean {
  const now = view.state.doc.toString();
  if (now === text) return false;
  let start = 0;
  const shorter = Math.min(now.length, text.length);
  while (start < shorter && now.charCodeAt(start) === text.charCodeAt(start)) start++;
  let end = 0;
  while (end < shorter - start && now.charCodeAt(now.length - 1 - end) === text.charCodeAt(text.length - 1 - end))
    end++;
  view.dispatch({
    changes: { from: start, to: now.length - end, insert: text.slice(start, text.length - end) },
    annotations: fromOutside.of(true),
  });
  return true;
}

/**
 * Escape in an editor does not close the dialog around it the first time, because Escape and then Tab is the way out of
 * an editor in which Tab indents. A second Escape within two seconds goes through.
 */
export function escapeFirst(): Extension {
  let last = Number.NEGATIVE_INFINITY;
  return EditorView.domEventHandlers({
    keydown(event) {
      if (event.key !== 'Escape') return false;
      if (event.timeStamp - last > 2000) event.stopPropagation();
      last = event.timeStamp;
      return false;
    },
  });
}
