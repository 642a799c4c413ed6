// How CodeMirror looks here: every colour is a variable of tokens.css, so both themes work without another mount, and its
// style sheet carries the page's nonce.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

export function pageNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

const theme = EditorView.theme({
  '&': {
    color: 'var(--ink)',
    backgroundColor: 'var(--panel)',
    fontSize: '12px',
    borderRadius: 'inherit',
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '18px' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '6px 0' },
  '.cm-line': { padding: '0 8px' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, .cm-content ::selection':
    {
      backgroundColor: 'color-mix(in srgb, var(--focus) 26%, transparent)',
    },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--raised) 45%, transparent)' },
  '.cm-gutters': {
    backgroundColor: 'var(--panel)',
    color: 'var(--ink-2)',
    border: 'none',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLineGutter': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line)',
    color: 'var(--ink-2)',
    padding: '0 4px',
  },
  '.cm-placeholder': { color: 'var(--ink-2)' },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--selected)',
    outline: '1px solid var(--focus)',
  },
  '&.cm-focused .cm-nonmatchingBracket': {
    color: 'var(--error-text)',
    backgroundColor: 'transparent',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warning-fill)', outline: '1px solid var(--state-waiting)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--selected)', outline: '1px solid var(--focus)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--raised)' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)', fontFamily: 'var(--font)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panel.cm-search': { padding: '6px 24px 6px 8px', fontSize: '12px' },
  '.cm-panel.cm-search label': { fontSize: '12px', color: 'var(--ink)' },
  '.cm-textfield': {
    backgroundColor: 'var(--panel)',
    color: 'var(--ink)',
    border: '1px solid var(--control-line)',
    borderRadius: 'var(--radius-control)',
    fontSize: '12px',
    height: '24px',
  },
  '.cm-button': {
    backgroundColor: 'var(--panel)',
    backgroundImage: 'none',
    color: 'var(--ink)',
    border: '1px solid var(--control-line)',
    borderRadius: 'var(--radius-control)',
    fontSize: '12px',
    height: '24px',
  },
  '.cm-panel.cm-search [name=close]': { color: 'var(--ink)', width: '24px', height: '24px', fontSize: '16px' },
  '.cm-tooltip': {
    backgroundColor: 'var(--panel)',
    color: 'var(--ink)',
    border: '1px solid var(--line)',
    borderRadius: 'var(--radius-panel)',
    boxShadow: 'var(--shadow)',
    zIndex: '400',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '220px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', lineHeight: '18px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--selected)',
    color: 'var(--ink)',
  },
  '.cm-completionDetail': { color: 'var(--ink-2)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' },
  '.cm-completionIcon': { color: 'var(--ink-2)' },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 8px', maxWidth: '320px', fontFamily: 'var(--font)' },
  '.cm-diagnostic': { padding: '4px 8px', fontFamily: 'var(--font)', fontSize: '12px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--state-failed)' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--state-waiting)' },
  '.cm-diagnostic-info': { borderLeft: '3px solid var(--state-running)' },
  '.cm-lintRange': {
    backgroundImage: 'none',
    textDecorationThickness: '2px',
    textUnderlineOffset: '2px',
    paddingBottom: '0',
  },
  '.cm-lintRange-error': { textDecoration: 'underline wavy var(--state-failed)' },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--state-waiting)' },
  '.cm-lintRange-info': { textDecoration: 'underline dotted var(--state-running)' },
  '.cm-lintPoint:after': { borderBottomColor: 'var(--state-failed)' },
  '.cm-panel.cm-panel-lint ul [aria-selected]': { backgroundColor: 'var(--selected)' },
  '.cm-panel.cm-panel-lint button[name=close]': { color: 'var(--ink)' },
  // Templates in texts.
  '.cm-template': { backgroundColor: 'var(--selected)', borderRadius: '2px' },
  '.cm-template, .cm-template *': { color: 'var(--ink)' },
  '.cm-cel-brace, .cm-cel-brace *': { color: 'var(--syntax-word)', fontWeight: '600' },
  '.cm-cel-name, .cm-cel-name *': { color: 'var(--syntax-key)' },
  '.cm-cel-call, .cm-cel-call *': { color: 'var(--syntax-word)' },
  '.cm-cel-keyword, .cm-cel-keyword *': { color: 'var(--syntax-word)' },
  '.cm-cel-number, .cm-cel-number *': { color: 'var(--syntax-number)' },
  '.cm-cel-string, .cm-cel-string *': { color: 'var(--syntax-string)' },
  '.cm-cel-comment, .cm-cel-comment *': { color: 'var(--ink-2)' },
  '.cm-cel-bad, .cm-cel-bad *': { color: 'var(--error-text)' },
  // Differences.
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': {
    backgroundColor: 'color-mix(in srgb, var(--state-failed) 7%, transparent)',
  },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'color-mix(in srgb, var(--state-succeeded) 8%, transparent)' },
  '& .cm-insertedLine, & .cm-deletedLine, & .cm-deletedLine del, & .cm-insertedLine ins': {
    backgroundColor: 'transparent',
    textDecoration: 'none',
  },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': {
    background: 'color-mix(in srgb, var(--state-failed) 12%, transparent)',
    borderBottom: '2px solid var(--state-failed)',
  },
  '&.cm-merge-b .cm-changedText': {
    background: 'color-mix(in srgb, var(--state-succeeded) 12%, transparent)',
    borderBottom: '2px solid var(--state-succeeded)',
  },
  '.cm-changeGutter': { width: '3px', paddingLeft: '1px' },
  '&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter': { background: 'var(--state-failed)' },
  '&.cm-merge-b .cm-changedLineGutter': { background: 'var(--state-succeeded)' },
  '.cm-collapsedLines': {
    color: 'var(--ink-2)',
    background: 'var(--raised)',
    fontFamily: 'var(--font)',
    padding: '4px 8px',
  },
});

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.heading, tags.labelName], color: 'var(--syntax-key)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--syntax-string)' },
  { tag: [tags.number], color: 'var(--syntax-number)' },
  { tag: [tags.bool, tags.null, tags.keyword, tags.atom], color: 'var(--syntax-word)' },
  { tag: [tags.comment, tags.quote, tags.processingInstruction, tags.meta], color: 'var(--ink-2)' },
  { tag: [tags.link, tags.url], color: 'var(--link)' },
  { tag: tags.heading, fontWeight: '600' },
  { tag: tags.strong, fontWeight: '600' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: tags.invalid, color: 'var(--error-text)' },
]);

/** What every editor begins with. */
export function look(): Extension {
  return [EditorView.cspNonce.of(pageNonce()), theme, syntaxHighlighting(highlight)];
}
