// The data that a node's expressions can use, as trees: the run's input, the outputs of the steps before, constants, the item of a
// map. A click (or Enter) writes the path at the cursor of the field that had the focus last; a row can also be dragged there.
//
//   <ScopePicker scope={sample} order={['classify', 'load']} names={titles} />
import { TextInput } from '@mantine/core';
import { ChevronDown, ChevronRight, CornerDownRight } from 'lucide-react';
import { type DragEvent, type ReactNode, useId, useState } from 'react';
import type { SampleScope } from './completion';
import { type PickedPath, useInsertTarget, writeDrag } from './insert';
import { isObject, type Json, kindText, shortValue } from './json';
import { findIn } from './rows';
import styles from './ScopePicker.module.css';
import { ValueTree } from './ValueTree';

export interface ScopePickerProps {
  scope: SampleScope;
  /** Ids of the nodes in the order in which to list them (nearest first); those without a sample are named too. */
  order?: readonly string[];
  /** What a node is called, by id. */
  names?: ReadonlyMap<string, string>;
  /** What to do for a node without a sample: a button that runs it, say. */
  missing?: (id: string) => ReactNode;
  /** What to do for an input without a sample. */
  missingInput?: ReactNode;
  /** Names of secrets, where the field takes them. */
  secrets?: readonly string[];
  artifactHref?: (id: string) => string;
}

interface Section {
  key: string;
  title: string;
  path: PickedPath;
  value: Json | undefined;
  missing?: ReactNode;
}

function sectionsOf(props: ScopePickerProps): Section[] {
  const { scope, names } = props;
  const sections: Section[] = [];
  for (const name of ['item', 'index', 'error'] as const) {
    if (scope[name] !== undefined) sections.push({ key: name, title: name, path: [name], value: scope[name] });
  }
  const order = props.order ?? Object.keys(scope.nodes ?? {});
  for (const id of order) {
    const title = names?.get(id);
    sections.push({
      key: `nodes/${id}`,
      title: title && title !== id ? `${title} (${id})` : id,
      path: ['nodes', id, 'output'],
      value: scope.nodes?.[id]?.output,
      missing: props.missing?.(id),
    });
  }
  sections.push({
    key: 'input',
    title: "The run's input",
    path: ['input'],
    value: scope.input,
    missing: props.missingInput,
  });
  if (isObject(scope.vars) && Object.keys(scope.vars).length > 0)
    sections.push({ key: 'vars', title: 'Constants', path: ['vars'], value: scope.vars });
  if (scope.run !== undefined) sections.push({ key: 'run', title: 'The run', path: ['run'], value: scope.run });
  return sections;
}

export function ScopePicker(props: ScopePickerProps) {
  const [words, setWords] = useState('');
  const target = useInsertTarget();
  const sections = sectionsOf(props);
  const pick = target ? (path: PickedPath) => target.insert(path) : undefined;
  const shown = words.trim() === '' ? sections : sections.filter((one) => matches(one, words));
  return (
    <div className={styles.picker}>
      <TextInput
        size="xs"
        aria-label="Search in the data"
        placeholder="Search names and values"
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <p className={styles.hint} role="status">
        <CornerDownRight size={13} aria-hidden />
        {target
          ? `A click writes the path into ${target.label}.`
          : 'Put the cursor into a field, then click a value; or drag it there.'}
      </p>
      {shown.map((section) => (
        <Part key={section.key} section={section} words={words} onPick={pick} artifactHref={props.artifactHref} />
      ))}
      {shown.length === 0 && <p className="meta">Nothing holds “{words.trim()}”.</p>}
      {words.trim() === '' && props.secrets && props.secrets.length > 0 && (
        <Secrets names={props.secrets} onPick={pick} />
      )}
    </div>
  );
}

function matches(section: Section, words: string): boolean {
  if (section.title.toLowerCase().includes(words.trim().toLowerCase())) return true;
  return section.value !== undefined && findIn(section.value, words, 1).matches.length > 0;
}

interface PartProps {
  section: Section;
  words: string;
  onPick: ((path: PickedPath) => void) | undefined;
  artifactHref: ((id: string) => string) | undefined;
}

function Part({ section, words, onPick, artifactHref }: PartProps) {
  const [open, setOpen] = useState(true);
  const id = useId();
  const { value, path, title } = section;
  const simple = value !== undefined && (typeof value !== 'object' || value === null);
  const found = value !== undefined && words.trim() !== '' && findIn(value, words, 1).matches.length > 0;
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <section className={styles.section} aria-label={title}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging is the mouse's way; the button in it is the keyboard's */}
      <div
        className={styles.head}
        draggable={value !== undefined}
        onDragStart={(event: DragEvent) => writeDrag(event.dataTransfer, path)}
      >
        <button
          type="button"
          className={styles.fold}
          aria-expanded={open}
          aria-controls={id}
          aria-label={open ? `Close ${title}` : `Open ${title}`}
          onClick={() => setOpen(!open)}
        >
          <Chevron size={14} aria-hidden />
        </button>
        <button
          type="button"
          className={styles.title}
          disabled={!onPick}
          onClick={() => onPick?.(path)}
          title={onPick ? `Write the path of ${title}` : undefined}
        >
          {title}
        </button>
        <span className={styles.kind}>
          {value === undefined ? 'no sample' : simple ? shortValue(value, 40) : kindText(value)}
        </span>
      </div>
      {open && (
        <div id={id}>
          {value === undefined &&
            (section.missing ?? (
              <p className={styles.missing}>No sample yet: a test run gives one, or pin its output.</p>
            ))}
          {value !== undefined && !simple && (
            <ValueTree
              label={title}
              value={value}
              root={path}
              words={found ? words : ''}
              openLevels={1}
              onPick={onPick}
              draggable
              artifactHref={artifactHref}
              maxHeight={320}
            />
          )}
        </div>
      )}
    </section>
  );
}

function Secrets({ names, onPick }: { names: readonly string[]; onPick: ((path: PickedPath) => void) | undefined }) {
  return (
    <section className={styles.section} aria-label="Secrets">
      <div className={styles.head}>
        <span className={styles.title}>Secrets</span>
        <span className={styles.kind}>their values are never shown</span>
      </div>
      <ul className={styles.secrets}>
        {names.map((name) => (
          <li key={name}>
            <button
              type="button"
              className={styles.secret}
              disabled={!onPick}
              draggable
              onDragStart={(event: DragEvent) => writeDrag(event.dataTransfer, ['secrets', name])}
              onClick={() => onPick?.(['secrets', name])}
            >
              {name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
