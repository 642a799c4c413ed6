// Chooses one of many by typing: a node type to add, a node to go to. Arrows move, Enter takes.
import { TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react';
import { Dialog } from '@/components/Dialog';
import classes from './Dialogs.module.css';

export interface Choice {
  value: string;
  label: string;
  note?: string;
  icon?: ReactNode;
}

export interface PickProps {
  title: string;
  placeholder: string;
  choices: readonly Choice[];
  /** Said where there is nothing to choose. */
  none?: string;
  onPick: (value: string) => void;
  onClose: () => void;
}

const MOST = 100;

export function Pick({ title, placeholder, choices, none, onPick, onClose }: PickProps) {
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const found = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const fits = wanted
      ? choices.filter((one) => `${one.label} ${one.value} ${one.note ?? ''}`.toLowerCase().includes(wanted))
      : choices;
    // What begins so comes first.
    const starts = (one: Choice) => (one.label.toLowerCase().startsWith(wanted) ? 0 : 1);
    return wanted ? [...fits].sort((a, b) => starts(a) - starts(b)) : fits;
  }, [choices, words]);
  const shown = found.slice(0, MOST);
  const index = Math.min(at, shown.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  });
  const take = (value: string | undefined) => {
    if (value === undefined) return;
    onClose();
    onPick(value);
  };
  return (
    <Dialog onClose={onClose} title={title} yOffset={80} centered={false}>
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={index >= 0 ? `${id}-${index}` : undefined}
        aria-label={placeholder}
        placeholder={placeholder}
        value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(index + 1, shown.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(index - 1, 0));
          else if (event.key === 'Enter') take(shown[index]?.value);
          else return;
          event.preventDefault();
        }}
      />
      <div ref={list} id={id} role="listbox" aria-label={title} className={classes.choices}>
        {shown.map((one, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above
          // biome-ignore lint/a11y/useFocusableInteractive: it is reached by aria-activedescendant
          <div
            key={one.value}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === index}
            className={classes.choice}
            onPointerMove={() => setAt(place)}
            onClick={() => take(one.value)}
          >
            {one.icon}
            <span className={classes.choiceLabel}>{one.label}</span>
            {one.note && <span className={`meta ellipsis ${classes.choiceNote}`}>{one.note}</span>}
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className="meta">{choices.length === 0 ? none : `Nothing fits “${words.trim()}”.`}</p>}
      {found.length > MOST && <p className="meta">{found.length - MOST} more: go on typing.</p>}
    </Dialog>
  );
}
