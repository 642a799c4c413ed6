// A value as a tree: any size up to 1 MiB, because only rows on the screen are drawn. Arrow keys walk, Enter picks (or opens), `c`
// copies the value, `p` its path. References to artifacts are links. Rows can be dragged into fields where `draggable` is set.
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight, Copy, Download, Route } from 'lucide-react';
import { type DragEvent, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { expressionOf } from './completion';
import { copyText } from './copy';
import { type PickedPath, writeDrag } from './insert';
import { type Json, kindText } from './json';
import { findIn, isReference, openAtFirst, rowsOf, type TreeRow } from './rows';
import { sizeText } from './sizes';
import styles from './ValueTree.module.css';

export interface ValueTreeProps {
  value: Json;
  label: string;
  /** How the value is named in an expression, for copying and picking: `['nodes', 'load', 'output']`. */
  root?: PickedPath;
  /** Levels that are open at first; default 2. */
  openLevels?: number;
  /** Only rows with these words, and what leads to them. */
  words?: string;
  /** A click or Enter on a row. Without it a click opens and closes. */
  onPick?: (path: PickedPath) => void;
  draggable?: boolean;
  artifactHref?: (id: string) => string;
  /** The simple values are names of types: without quotes. */
  types?: boolean;
  maxHeight?: string | number;
  /** Told what was copied. */
  onCopied?: (what: string) => void;
}

const ROW = 24;

export function ValueTree(props: ValueTreeProps) {
  const { value, root = [], words = '', onPick } = props;
  const [opened, setOpened] = useState(() => openAtFirst(value, props.openLevels ?? 2));
  const [active, setActive] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const id = useId();

  const found = useMemo(() => findIn(value, words), [value, words]);
  const rows = useMemo(() => {
    if (words.trim() === '') return rowsOf(value, opened);
    const keep = new Set([...found.matches, ...found.open]);
    return rowsOf(value, found.open).filter((row) => keep.has(row.pointer));
  }, [value, opened, words, found]);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    getItemKey: (index) => rows[index]?.pointer ?? index,
  });

  const at = Math.max(
    0,
    rows.findIndex((row) => row.pointer === active),
  );
  useEffect(() => {
    if (active !== '' && rows[at]?.pointer === active) virtual.scrollToIndex(at);
  }, [active, at, rows, virtual]);

  const toggle = (row: TreeRow, to = !row.open) => {
    setOpened((before) => {
      const next = new Set(before);
      if (to) next.add(row.pointer);
      else next.delete(row.pointer);
      return next;
    });
  };
  const pathOf = (row: TreeRow): PickedPath => [...root, ...row.path];
  const copy = (row: TreeRow, what: 'value' | 'path') => {
    const text =
      what === 'path'
        ? expressionOf(pathOf(row))
        : typeof row.value === 'string'
          ? row.value
          : JSON.stringify(row.value, null, 2);
    void copyText(text).then((done) =>
      props.onCopied?.(
        done ? `Copied the ${what} of ${row.name === '' ? 'all' : row.name}` : 'The browser did not allow copying',
      ),
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.target !== box.current) return;
    const go = (index: number) => setActive(rows[Math.min(Math.max(index, 0), rows.length - 1)]?.pointer ?? '');
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 240) / ROW) - 1);
    const walk = new Map<string, () => unknown>([
      ['ArrowDown', () => go(active === '' ? 0 : at + 1)],
      ['ArrowUp', () => go(at - 1)],
      ['PageDown', () => go(at + page)],
      ['PageUp', () => go(at - page)],
      ['Home', () => go(0)],
      ['End', () => go(rows.length - 1)],
      ['ArrowRight', () => (row.open ? go(at + 1) : row.expandable && toggle(row, true))],
      ['ArrowLeft', () => (row.open ? toggle(row, false) : go(rows.findIndex((one) => one.pointer === parentOf(row))))],
      ['Enter', () => (onPick ? onPick(pathOf(row)) : row.expandable && toggle(row))],
      [' ', () => row.expandable && toggle(row)],
      ['c', () => copy(row, 'value')],
      ['p', () => copy(row, 'path')],
    ]);
    const act = walk.get(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  if (rows.length === 0) {
    return <p className="meta">{words.trim() === '' ? 'Nothing in it.' : `Nothing here holds “${words.trim()}”.`}</p>;
  }
  return (
    <div
      ref={box}
      role="tree"
      tabIndex={0}
      aria-label={props.label}
      aria-activedescendant={`${id}${rows[at]?.pointer ?? ''}`}
      className={styles.tree}
      style={{ maxHeight: props.maxHeight }}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the tree has the focus and the keys
            <div
              key={item.key}
              id={`${id}${row.pointer}`}
              ref={virtual.measureElement}
              data-index={item.index}
              role="treeitem"
              aria-level={row.depth + 1}
              aria-posinset={row.place}
              aria-setsize={row.siblings}
              aria-selected={item.index === at}
              aria-expanded={row.expandable ? row.open : undefined}
              className={styles.row}
              data-active={item.index === at || undefined}
              data-match={(words.trim() !== '' && found.matches.includes(row.pointer)) || undefined}
              style={{ transform: `translateY(${item.start}px)`, paddingLeft: 4 + row.depth * 14 }}
              draggable={props.draggable || undefined}
              onDragStart={(event: DragEvent) => writeDrag(event.dataTransfer, pathOf(row))}
              onMouseDown={(event) => {
                // With a drag in view, or while a field keeps the focus for a picked path, the row takes none.
                if (onPick && !props.draggable) event.preventDefault();
              }}
              onClick={() => {
                setActive(row.pointer);
                if (onPick) onPick(pathOf(row));
                else if (row.expandable) toggle(row);
              }}
            >
              <Row
                row={row}
                types={props.types}
                artifactHref={props.artifactHref}
                onToggle={() => toggle(row)}
                onCopy={(what) => copy(row, what)}
                canCopyPath={root.length > 0}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function parentOf(row: TreeRow): string {
  return row.pointer.slice(0, row.pointer.lastIndexOf('/'));
}

interface RowProps {
  row: TreeRow;
  types: boolean | undefined;
  artifactHref: ((id: string) => string) | undefined;
  onToggle: () => void;
  onCopy: (what: 'value' | 'path') => void;
  canCopyPath: boolean;
}

function Row({ row, types, artifactHref, onToggle, onCopy, canCopyPath }: RowProps) {
  const Chevron = row.open ? ChevronDown : ChevronRight;
  return (
    <>
      {row.expandable ? (
        <button
          type="button"
          tabIndex={-1}
          className={styles.toggle}
          aria-label={row.open ? `Close ${row.name}` : `Open ${row.name}`}
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          <Chevron size={14} aria-hidden />
        </button>
      ) : (
        <span className={styles.toggle} />
      )}
      {row.name !== '' && (
        <span className={styles.name} data-index={typeof row.name === 'number' || undefined}>
          {row.name}
          <span className={styles.colon}>:</span>
        </span>
      )}
      <Value row={row} types={types} artifactHref={artifactHref} />
      <span className={styles.actions}>
        <button
          type="button"
          tabIndex={-1}
          title="Copy value (c)"
          aria-label={`Copy the value of ${row.name}`}
          onClick={(event) => {
            event.stopPropagation();
            onCopy('value');
          }}
        >
          <Copy size={13} aria-hidden />
        </button>
        {canCopyPath && (
          <button
            type="button"
            tabIndex={-1}
            title="Copy path (p)"
            aria-label={`Copy the path of ${row.name}`}
            onClick={(event) => {
              event.stopPropagation();
              onCopy('path');
            }}
          >
            <Route size={13} aria-hidden />
          </button>
        )}
      </span>
    </>
  );
}

// Longer texts open on a click.
const LONG = 160;

function Value({ row, types, artifactHref }: Pick<RowProps, 'row' | 'types' | 'artifactHref'>) {
  const { value } = row;
  const [whole, setWhole] = useState(false);
  if (isReference(value)) {
    const text = `${value.name ?? value.$artifact}${typeof value.size === 'number' ? `, ${sizeText(value.size)}` : ''}`;
    if (!artifactHref) return <span className={styles.kind}>{text}</span>;
    return (
      <a
        className={styles.link}
        href={artifactHref(value.$artifact)}
        download={value.name ?? true}
        tabIndex={-1}
        onClick={(event) => event.stopPropagation()}
      >
        <Download size={13} aria-hidden /> {text}
      </a>
    );
  }
  if (row.expandable) return <span className={styles.kind}>{kindText(value)}</span>;
  if (typeof value === 'string') {
    if (types) return <span className={styles.kind}>{value}</span>;
    const long = value.length > LONG || value.includes('\n');
    if (!long) return <span className={styles.string}>{JSON.stringify(value)}</span>;
    return (
      <span className={styles.long}>
        {whole ? (
          <span className={styles.text}>{value}</span>
        ) : (
          <span className={styles.string}>{JSON.stringify(value.slice(0, LONG)).slice(0, -1)}…</span>
        )}
        <button
          type="button"
          className={styles.more}
          aria-expanded={whole}
          onClick={(event) => {
            event.stopPropagation();
            setWhole(!whole);
          }}
        >
          {whole ? 'Less' : `All ${value.length.toLocaleString('en-US')} characters`}
        </button>
      </span>
    );
  }
  if (value === null || typeof value === 'boolean') return <span className={styles.word}>{String(value)}</span>;
  if (typeof value === 'number') return <span className={styles.number}>{JSON.stringify(value)}</span>;
  return <span className={styles.kind}>{Array.isArray(value) ? '[ ]' : '{ }'}</span>;
}
