// How the library's objects and lists are laid out here.
import { ActionIcon, Button } from '@mantine/core';
import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  DescriptionFieldProps,
  ErrorListProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps,
} from '@rjsf/utils';
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import { isObject, shortValue } from '../json';
import { mistakesIn } from '../schema';
import styles from './Form.module.css';

function FieldTemplate({ children, hidden, classNames }: FieldTemplateProps) {
  return (
    <div className={classNames} hidden={hidden}>
      {children}
    </div>
  );
}

function Mistakes({ id, errors }: { id: string; errors: unknown }) {
  const own = isObject(errors) ? mistakesIn({ __errors: errors.__errors ?? [] }) : [];
  if (own.length === 0) return null;
  return (
    <ul id={`${id}-mistakes`} className={styles.mistakes}>
      {own.map((one) => (
        <li key={one.message}>{one.message}</li>
      ))}
    </ul>
  );
}

function ObjectFieldTemplate(props: ObjectFieldTemplateProps) {
  const { fieldPathId, properties, schema, formData, registry, errorSchema } = props;
  const id = fieldPathId.$id;
  const isRoot = fieldPathId.path.length === 0;
  const known = isObject(schema.properties) ? schema.properties : {};
  const others = isObject(formData)
    ? Object.keys(formData).filter(
        (name) => !Object.hasOwn(known, name) && (formData as Record<string, unknown>)[name] !== undefined,
      )
    : [];
  const content = (
    <>
      {properties.filter((one) => !one.hidden).map((one) => one.content)}
      {others.length > 0 && (
        <Others
          names={others}
          data={formData as Record<string, unknown>}
          errors={errorSchema}
          readOnly={registry.formContext === undefined}
        />
      )}
      <Mistakes id={id} errors={errorSchema} />
    </>
  );
  if (isRoot) return <div className={styles.fields}>{content}</div>;
  const inList = typeof fieldPathId.path.at(-1) === 'number';
  return (
    <fieldset className={inList ? styles.item : styles.group} id={id}>
      {!inList && props.title && (
        <legend className={styles.label}>
          {props.title}
          {props.required && <span className={styles.required}> (required)</span>}
        </legend>
      )}
      {props.description && !inList && <p className={styles.doc}>{props.description}</p>}
      <div className={styles.fields}>{content}</div>
    </fieldset>
  );
}

/** Members that the schema does not know: shown, so that what is wrong with them can be understood; they stay as they are. */
function Others({
  names,
  data,
  errors,
}: {
  names: string[];
  data: Record<string, unknown>;
  errors: unknown;
  readOnly: boolean;
}) {
  return (
    <div className={styles.others}>
      <p className={styles.doc}>Members that this type does not know; the JSON view edits them.</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <code>
              {name}: {shortValue(data[name], 80)}
            </code>
            {mistakesIn(isObject(errors) ? errors[name] : undefined).map((one) => (
              <span key={one.message} className={styles.mistake}>
                {one.message}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function ArrayFieldTemplate(props: ArrayFieldTemplateProps) {
  const { fieldPathId, items, title, schema, canAdd, onAddClick, readonly, disabled, required } = props;
  const id = fieldPathId.$id;
  return (
    <fieldset className={styles.group} id={id}>
      {title && (
        <legend className={styles.label}>
          {title}
          {required && <span className={styles.required}> (required)</span>}
        </legend>
      )}
      {schema.description && <p className={styles.doc}>{schema.description}</p>}
      <div className={styles.fields}>{items}</div>
      <Mistakes id={id} errors={props.errorSchema} />
      {canAdd && !readonly && (
        <Button
          size="compact-xs"
          variant="subtle"
          className={styles.under}
          disabled={disabled}
          leftSection={<Plus size={13} aria-hidden />}
          onClick={onAddClick}
        >
          Add to {title || 'the list'}
        </Button>
      )}
    </fieldset>
  );
}

function ArrayFieldItemTemplate(props: ArrayFieldItemTemplateProps) {
  const { children, buttonsProps, index, totalItems, readonly } = props;
  const { hasMoveUp, hasMoveDown, hasRemove, onMoveUpItem, onMoveDownItem, onRemoveItem } = buttonsProps;
  const number = index + 1;
  return (
    <div className={styles.listItem}>
      <div className={styles.listContent}>{children}</div>
      {!readonly && (
        <div className={styles.listActions}>
          {totalItems > 1 && (
            <>
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={`Move entry ${number} up`}
                disabled={!hasMoveUp}
                onClick={onMoveUpItem}
              >
                <ArrowUp size={14} aria-hidden />
              </ActionIcon>
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={`Move entry ${number} down`}
                disabled={!hasMoveDown}
                onClick={onMoveDownItem}
              >
                <ArrowDown size={14} aria-hidden />
              </ActionIcon>
            </>
          )}
          {hasRemove && (
            <ActionIcon size="sm" variant="subtle" aria-label={`Remove entry ${number}`} onClick={onRemoveItem}>
              <Trash2 size={14} aria-hidden />
            </ActionIcon>
          )}
        </div>
      )}
    </div>
  );
}

function DescriptionFieldTemplate({ id, description }: DescriptionFieldProps) {
  if (!description) return null;
  return (
    <p id={id} className={styles.doc}>
      {description}
    </p>
  );
}

function Nothing(_props: ErrorListProps | object) {
  return null;
}

export const templates = {
  FieldTemplate,
  ObjectFieldTemplate,
  ArrayFieldTemplate,
  ArrayFieldItemTemplate,
  DescriptionFieldTemplate,
  ErrorListTemplate: Nothing,
  FieldErrorTemplate: Nothing,
};
