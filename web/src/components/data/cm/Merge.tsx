// Two texts line by line, behind DiffView.tsx: side by side, or one below the other where it is narrow.
import { json } from '@codemirror/lang-json';
import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef, useState } from 'react';
import { look } from './look';
import styles from './Merge.module.css';

export interface MergeProps {
  before: string;
  after: string;
  label?: string;
  beforeLabel: string;
  afterLabel: string;
  language: 'json' | 'markdown' | 'text';
  maxHeight: string | number;
}

/** Narrower than this, in pixels, the two stand one below the other. */
const NARROW = 720;
// Beyond these a difference is told by larger blocks, so that comparing never stops the page for long.
const diffConfig = { scanLimit: 4000, timeout: 150 };
const collapseUnchanged = { margin: 3, minSize: 8 };

export default function Merge({
  before,
  after,
  label: what,
  beforeLabel,
  afterLabel,
  language,
  maxHeight,
}: MergeProps) {
  const host = useRef<HTMLDivElement>(null);
  const [narrow, setNarrow] = useState<boolean | undefined>();

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setNarrow(element.clientWidth < NARROW));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);

  useEffect(() => {
    const element = host.current;
    if (!element || narrow === undefined) return;
    const shared = (label: string): Extension[] => [
      look(),
      lineNumbers(),
      EditorState.readOnly.of(true),
      EditorView.lineWrapping,
      search({ top: true }),
      keymap.of(searchKeymap),
      EditorView.contentAttributes.of({
        'aria-label': what ? `${what}: ${label}` : label,
        'aria-readonly': 'true',
        tabindex: '0',
      }),
      ...(language === 'json' ? [json()] : []),
    ];
    let view: { destroy(): void };
    if (narrow) {
      view = new EditorView({
        parent: element,
        doc: after,
        extensions: [
          ...shared(`Changes from ${beforeLabel} to ${afterLabel}`),
          unifiedMergeView({ original: before, mergeControls: false, diffConfig, collapseUnchanged }),
        ],
      });
    } else {
      view = new MergeView({
        parent: element,
        a: { doc: before, extensions: shared(beforeLabel) },
        b: { doc: after, extensions: shared(afterLabel) },
        diffConfig,
        collapseUnchanged,
      });
    }
    return () => view.destroy();
  }, [before, after, what, beforeLabel, afterLabel, language, narrow]);

  return (
    <div className={styles.frame}>
      <div className={styles.labels} aria-hidden>
        {narrow ? (
          <span>
            {beforeLabel} → {afterLabel}
          </span>
        ) : (
          <>
            <span>{beforeLabel}</span>
            <span>{afterLabel}</span>
          </>
        )}
      </div>
      <div ref={host} className={styles.merge} style={{ maxHeight }} />
    </div>
  );
}
