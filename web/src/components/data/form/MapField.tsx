// Members by names of the person's own: headers, values, operations. Each value has the control that its schema asks for.
import { ActionIcon, Button } from '@mantine/core';
import { type Field, toFieldPathId } from '@rjsf/utils';
import { Plus, Trash2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { isObject, type JsonObject } from '../json';
import styles from './Form.module.css';
import { type ControlProps, change, Frame } from './Frame';

const ANY: JsonObject = { title: 'Value' };

export function MapField(props: ControlProps) {
  const { schema, formData, readonly, registry, required } = props;
  const SchemaField = registry.fields.SchemaField as Field;
  const members: JsonObject = isObject(formData) ? formData : {};
  const valueSchema = isObject(schema.additionalProperties) ? schema.additionalProperties : ANY;
  const [fresh, setFresh] = useState<string | undefined>();
  const names = Object.keys(members);
  // A member keeps its row, and the row its focus, while its name changes.
  const rows = useRef({ ids: new Map<string, number>(), last: 0 });
  const rowOf = (name: string) => {
    const known = rows.current.ids.get(name);
    if (known !== undefined) return known;
    rows.current.ids.set(name, ++rows.current.last);
    return rows.current.last;
  };

  const write = (next: JsonObject) => change(props, Object.keys(next).length === 0 && !required ? undefined : next);
  const rename = (from: string, to: string) => {
    if (from === to || to === '' || Object.hasOwn(members, to)) return false;
    rows.current.ids.set(to, rowOf(from));
    rows.current.ids.delete(from);
    write(
      Object.fromEntries(
        Object.entries(members).map(([name, value]) => [name === from ? to : name, value]),
      ) as JsonObject,
    );
    return true;
  };
  const remove = (name: string) => {
    rows.current.ids.delete(name);
    write(Object.fromEntries(Object.entries(members).filter(([one]) => one !== name)) as JsonObject);
  };
  const add = () => {
    let name = 'name';
    for (let number = 2; Object.hasOwn(members, name); number++) name = `name_${number}`;
    setFresh(name);
    write({ ...members, [name]: isObject(valueSchema) && valueSchema.type === 'object' ? {} : '' });
  };

  return (
    <Frame field={{ ...props, errorSchema: ownErrors(props) }}>
      {({ label }) => (
        <div className={styles.map}>
          {names.map((name) => (
            <div key={rowOf(name)} className={styles.member}>
              <MemberName
                name={name}
                label={`Name in ${label}`}
                readOnly={readonly ?? false}
                focus={name === fresh}
                taken={(to) => to !== name && Object.hasOwn(members, to)}
                onRename={(to) => rename(name, to) && setFresh(undefined)}
              />
              <div className={styles.memberValue}>
                <SchemaField
                  {...props}
                  name={name}
                  required
                  schema={{
                    ...valueSchema,
                    title: typeof valueSchema.title === 'string' && valueSchema !== ANY ? valueSchema.title : name,
                  }}
                  uiSchema={undefined}
                  formData={members[name]}
                  errorSchema={(props.errorSchema as Record<string, ControlProps['errorSchema']> | undefined)?.[name]}
                  fieldPathId={toFieldPathId(name, registry.globalFormOptions, props.fieldPathId.path)}
                  onChange={(value, path, errors, id) =>
                    props.onChange(
                      value === undefined && path.length === props.fieldPathId.path.length + 1 ? '' : value,
                      path,
                      errors,
                      id,
                    )
                  }
                />
              </div>
              {!readonly && (
                <ActionIcon
                  size="sm"
                  variant="subtle"
                  aria-label={`Remove ${name} from ${label}`}
                  onClick={() => remove(name)}
                >
                  <Trash2 size={14} aria-hidden />
                </ActionIcon>
              )}
            </div>
          ))}
          {names.length === 0 && <p className={styles.doc}>Nothing yet.</p>}
          {!readonly && (
            <Button
              size="compact-xs"
              variant="subtle"
              className={styles.under}
              leftSection={<Plus size={13} aria-hidden />}
              onClick={add}
            >
              Add to {label}
            </Button>
          )}
        </div>
      )}
    </Frame>
  );
}

// The mistakes of a member stand at the member.
function ownErrors(props: ControlProps): ControlProps['errorSchema'] {
  const errors = props.errorSchema as Record<string, unknown> | undefined;
  if (!errors) return undefined;
  const members = isObject(props.formData) ? props.formData : {};
  return Object.fromEntries(
    Object.entries(errors).filter(([name]) => name === '__errors' || !Object.hasOwn(members, name)),
  ) as ControlProps['errorSchema'];
}

interface NameProps {
  name: string;
  label: string;
  readOnly: boolean;
  focus: boolean;
  taken: (name: string) => boolean;
  onRename: (name: string) => void;
}

/** The name is taken over when the field is left, because a name that is half typed may be another member's. */
function MemberName({ name, label, readOnly, focus, taken, onRename }: NameProps) {
  const [text, setText] = useState(name);
  const wrong = text === '' || taken(text);
  const done = () => {
    if (wrong) setText(name);
    else if (text !== name) onRename(text);
  };
  return (
    <input
      className={styles.input}
      aria-label={label}
      aria-invalid={wrong || undefined}
      title={wrong ? (text === '' ? 'A name is needed' : 'There is such a name already') : undefined}
      autoFocus={focus}
      onFocus={(event) => focus && event.currentTarget.select()}
      value={text}
      readOnly={readOnly}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === 'Enter') done();
      }}
    />
  );
}
