// The node types by category: dragged onto the canvas, or added behind what is selected by a click.
import { TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { NodeType } from '../queries';
import { DRAG_KIND } from './Canvas';
import { useParts } from './context';
import classes from './Editor.module.css';
import { iconOf } from './look';

export function groupsOf(types: Iterable<NodeType>, words: string): [string, NodeType[]][] {
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
  return (
    <section className={classes.palette} aria-label="Node types">
      <TextInput
        size="xs"
        aria-label="Search node types"
        placeholder="Search node types"
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <div className={classes.kinds}>
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
