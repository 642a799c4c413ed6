// What is chosen by typing: the type of a new node, a node to go to, where an edge leads.
import { useMemo } from 'react';
import { nodesOf } from '@/components/data/graph';
import { connect } from './actions';
import { useParts } from './context';
import { type From, type Joining, waysOn } from './joining';
import { iconOf } from './look';
import { firstLine } from './Palette';
import { type Choice, Pick } from './Pick';
import type { Point } from './store';

export type Wanted =
  | { what: 'add'; joined?: Joining; at?: Point }
  | { what: 'find' }
  /** An edge from this node. */
  | { what: 'connect'; node: string };

export interface PicksProps {
  wanted: Wanted;
  onAdd: (kind: string, joined?: Joining, at?: Point) => void;
  onFind: (node: string) => void;
  onClose: () => void;
}

export function Picks({ wanted, onAdd, onFind, onClose }: PicksProps) {
  switch (wanted.what) {
    case 'add':
      return <AddNode onPick={(kind) => onAdd(kind, wanted.joined, wanted.at)} onClose={onClose} />;
    case 'find':
      return <FindNode onPick={onFind} onClose={onClose} />;
    case 'connect':
      return <ConnectNode id={wanted.node} onClose={onClose} />;
  }
}

interface OneProps {
  onPick: (value: string) => void;
  onClose: () => void;
}

function AddNode({ onPick, onClose }: OneProps) {
  const { types } = useParts();
  const kinds = useMemo<Choice[]>(
    () =>
      [...types.values()]
        .sort((a, b) => a.category.localeCompare(b.category) || a.title.localeCompare(b.title))
        .map((type) => {
          const Icon = iconOf(type.name, type.category);
          return {
            value: type.name,
            label: type.title,
            note: `${type.category}: ${firstLine(type.doc)}`,
            icon: <Icon size={16} strokeWidth={1.75} aria-hidden />,
          };
        }),
    [types],
  );
  return <Pick title="Add node" placeholder="Search node types" choices={kinds} onPick={onPick} onClose={onClose} />;
}

function FindNode({ onPick, onClose }: OneProps) {
  const { editor, types } = useParts();
  const nodes = useMemo<Choice[]>(
    () =>
      [...nodesOf(editor.get().document).values()].map(({ node, container: where }) => ({
        value: node.id,
        label: String(node.name || node.id),
        note: [node.id, types.get(node.type)?.title ?? node.type, where.length > 0 && `in ${where.join(' / ')}`]
          .filter(Boolean)
          .join(' · '),
      })),
    [editor, types],
  );
  return (
    <Pick
      title="Find node"
      placeholder="Search nodes by name, id or type"
      choices={nodes}
      none="There is no node yet."
      onPick={onPick}
      onClose={onClose}
    />
  );
}

const wordsOf = (from: From) => (from.on ? `on ${from.on}` : from.port ? `from port ${from.port}` : 'on success');

function ConnectNode({ id, onClose }: { id: string; onClose: () => void }) {
  const { editor, types } = useParts();
  const ways = useMemo(
    () => new Map(waysOn(editor, id, types).map((way) => [`${wordsOf(way.from)} → ${way.to.id}`, way])),
    [editor, id, types],
  );
  const choices = useMemo<Choice[]>(
    () =>
      [...ways].map(([value, { from, to }]) => ({
        value,
        label: String(to.name || to.id),
        note: [wordsOf(from), to.name && to.id].filter(Boolean).join(' · '),
      })),
    [ways],
  );
  return (
    <Pick
      title={`Lead an edge from ${id}`}
      placeholder="Search nodes by name or id"
      choices={choices}
      none="No node is left to which an edge could lead."
      onPick={(value) => {
        const way = ways.get(value);
        if (way) connect(editor, way.from, way.to.id, types);
      }}
      onClose={onClose}
    />
  );
}
