// The node types by category: dragged onto the canvas, or added behind what is selected by a click.
import { TextInput } from '@mantine/core';
import { useMemo, useRef, useState } from 'react';
import type { NodeType } from '../queries';
import { DRAG_KIND } from './Canvas';
import { useParts } from './context';
import classes from './Editor.module.css';
import { iconOf } from './look';

function groupsOf(types: Iterable<NodeType>, words: string): [string, NodeType[]][] {
  const wanted = words.trim().toLowerCase();
  const groups = new Map<string, NodeType[]>();
  for (const type of types) {
    if (wanted && !`${type.title} ${type.name} ${type.category}`.toLowerCase().includes(wanted)) continue;
    const list = groups.get(type.category);
    if (list) list.push(type);
    else groups.set(type.category, [type]);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

export function firstLine(doc: string): string {
  return /^[^\n]*?[.:](?=\s|$)/.exec(doc)?.[0] ?? doc.split('\n')[0] ?? '';
}

export function Palette({ onAdd }: { onAdd: (kind: string) => void }) {
  const { types } = useParts();
  const [words, setWords] = useState('');
  const groups = useMemo(() => groupsOf(types.values(), words), [types, words]);
  // One stop of Tab for all of them; arrows go from one to the next.
  const [at, setAt] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const names = groups.flatMap(([, kinds]) => kinds.map((kind) => kind.name));
  const stop = names.includes(at) ? at : names[0];
  const step = (event: React.KeyboardEvent) => {
    const now = names.indexOf((event.target as HTMLElement).dataset.kind ?? '');
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: names.length - 1 }[event.key];
    const name = to === undefined ? undefined : names[to];
    if (name === undefined) return;
    event.preventDefault();
    list.current?.querySelector<HTMLElement>(`[data-kind="${CSS.escape(name)}"]`)?.focus();
  };
  return (
    <section className={classes.palette} aria-label="Node types">
      <TextInput
        size="xs"
        aria-label="Search node types"
        placeholder="Search node types"
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'ArrowDown' && step(event)}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons in it */}
      <div ref={list} className={classes.kinds} onKeyDown={step}>
        {groups.map(([category, kinds]) => (
          <div key={category}>
            <h3 className={classes.category}>{category}</h3>
            {kinds.map((kind) => {
              const Icon = iconOf(kind.name, kind.category);
              return (
                <button
                  key={kind.name}
                  type="button"
                  className={classes.kind}
                  draggable
                  data-kind={kind.name}
                  tabIndex={kind.name === stop ? 0 : -1}
                  onFocus={() => setAt(kind.name)}
                  title={firstLine(kind.doc)}
                  onDragStart={(event) => {
                    event.dataTransfer.setData(DRAG_KIND, kind.name);
                    event.dataTransfer.effectAllowed = 'copy';
                  }}
                  onClick={() => onAdd(kind.name)}
                >
                  <Icon size={16} strokeWidth={1.75} aria-hidden />
                  <span className="ellipsis">{kind.title}</span>
                </button>
              );
            })}
          </div>
        ))}
        {groups.length === 0 && <p className="meta">No node type is called “{words.trim()}”.</p>}
      </div>
    </section>
  );
}
