// The changes between two flows by node, edge and field.
import { CircleMinus, CirclePlus, PencilLine } from 'lucide-react';
import { useMemo } from 'react';
import styles from './DiffView.module.css';
import { type Change, diffFlows, type FieldChange } from './diff';
import type { FlowDocument } from './flow';
import { isObject, type Json } from './json';

export interface FlowDiffProps {
  before: FlowDocument;
  after: FlowDocument;
  beforeLabel?: string;
  afterLabel?: string;
  /** Makes the names of parts buttons: to show the node on the canvas, say. */
  onPick?: (part: Change['part'], key: string) => void;
}

const ICONS = { added: CirclePlus, removed: CircleMinus, changed: PencilLine };
const KINDS = { flow: 'flow', node: 'node', edge: 'edge' };

export function FlowDiff({ before, after, beforeLabel = 'Before', afterLabel = 'After', onPick }: FlowDiffProps) {
  const changes = useMemo(() => diffFlows(before, after), [before, after]);
  if (changes.length === 0)
    return <p className={styles.same}>There is no difference, except perhaps where nodes stand.</p>;
  const count = (change: Change['change']) => changes.filter((one) => one.change === change).length;
  return (
    <div className={styles.diff}>
      <p className={styles.sum}>
        {count('added')} added, {count('changed')} changed, {count('removed')} removed
      </p>
      <ul className={styles.changes}>
        {changes.map((change) => (
          <ChangeItem
            key={`${change.part} ${change.key}`}
            change={change}
            labels={[beforeLabel, afterLabel]}
            onPick={onPick}
          />
        ))}
      </ul>
    </div>
  );
}

interface ItemProps {
  change: Change;
  labels: [string, string];
  onPick: FlowDiffProps['onPick'];
}

function ChangeItem({ change, labels, onPick }: ItemProps) {
  const Icon = ICONS[change.change];
  const fields = fieldsOf(change);
  const name = change.part === 'flow' ? change.key : `${KINDS[change.part]} ${change.key}`;
  return (
    <li className={styles.change} data-change={change.change}>
      <div className={styles.head}>
        <Icon size={16} strokeWidth={1.75} aria-hidden className={styles.icon} />
        {onPick && change.change !== 'removed' ? (
          <button type="button" className={styles.name} onClick={() => onPick(change.part, change.key)}>
            {name}
          </button>
        ) : (
          <span className={styles.name}>{name}</span>
        )}
        {change.type && <span className={styles.type}>{change.type}</span>}
        <span className={styles.word}>{change.change}</span>
      </div>
      {fields.length > 0 && (
        <table className={styles.fields}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">{labels[0]}</th>
              <th scope="col">{labels[1]}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field.pointer}>
                <th scope="row">{field.pointer.slice(1).replaceAll('/', ' / ') || 'the whole'}</th>
                <Side value={field.before} label={labels[0]} />
                <Side value={field.after} label={labels[1]} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}

// Of a part that is new or gone each member is a field; what its key says already is left out.
function fieldsOf(change: Change): FieldChange[] {
  const [field] = change.fields;
  const whole = field?.after ?? field?.before;
  if (change.change === 'changed' || field?.pointer !== '' || !isObject(whole)) return change.fields;
  const told = change.part === 'node' ? ['id', 'type', 'position'] : ['from', 'to'];
  const fields = Object.entries(whole)
    .filter(([name]) => !told.includes(name))
    .map(([name, value]) => ({
      pointer: `/${name}`,
      before: change.change === 'removed' ? value : undefined,
      after: change.change === 'added' ? value : undefined,
    }));
  return fields;
}

function Side({ value, label }: { value: Json | undefined; label: string }) {
  if (value === undefined) {
    return (
      <td className={styles.none} data-label={label}>
        <span>not there</span>
      </td>
    );
  }
  return (
    <td data-label={label}>
      <pre className={styles.value}>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>
    </td>
  );
}
