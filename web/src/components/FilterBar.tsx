// Above a list: text, choices, and one button that clears them. What is chosen stands in the address (lib/search).
//
//   <FilterBar onClear={filtered ? () => set({ q: '', status: [] }) : undefined} right={<Button>…</Button>}>
//     <FilterText value={q} onChange={(q) => set({ q })} placeholder="Name or id" />
//     <FilterChoice label="Status" options={statuses} value={status} onChange={(status) => set({ status })} />
//   </FilterBar>

import { Button, Checkbox, Combobox, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { ChevronDown, Search, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { formatWord } from '@/lib/format';
import { useKeys } from '@/lib/keys';
import classes from './FilterBar.module.css';

export function FilterBar({
  children,
  right,
  onClear,
}: {
  children: ReactNode;
  right?: ReactNode;
  onClear?: () => void;
}) {
  return (
    <div className={classes.bar} role="search">
      {children}
      {onClear && (
        <Button variant="subtle" leftSection={<X size={14} aria-hidden />} onClick={onClear}>
          Clear filters
        </Button>
      )}
      {right && <div className={classes.right}>{right}</div>}
    </div>
  );
}

/** `/` goes there. What is typed counts 250 ms after the last key. */
export function FilterText(props: { value: string; onChange: (value: string) => void; placeholder: string }) {
  const { value, onChange, placeholder } = props;
  const [typed, setTyped] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const tell = useDebouncedCallback(onChange, 250);
  const told = useRef(value);
  useEffect(() => {
    // The address changed by itself: Back, or a click on "Clear".
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  useKeys('Filters', [{ keys: '/', does: 'Filter', act: () => input.current?.focus() }]);
  return (
    <TextInput
      ref={input}
      className={classes.text}
      aria-label={placeholder}
      placeholder={placeholder}
      leftSection={<Search size={14} aria-hidden />}
      value={typed}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        told.current = text;
        tell(text);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur();
      }}
    />
  );
}

export interface Option {
  value: string;
  label?: string;
}

/** One or several of a few. `one`: choosing closes it. */
export function FilterChoice<T extends string>(props: {
  label: string;
  options: readonly (T | Option)[];
  value: readonly T[] | T;
  onChange: (value: T[]) => void;
  one?: boolean;
}) {
  const { label, options, onChange, one } = props;
  const chosen = (Array.isArray(props.value) ? props.value : props.value ? [props.value] : []) as T[];
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const rows = options.map((option) => (typeof option === 'string' ? { value: option as string } : option) as Option);
  const labelOf = (value: string) => rows.find((row) => row.value === value)?.label ?? formatWord(value);
  const said =
    chosen.length === 0 ? label : `${label}: ${chosen.length > 2 ? chosen.length : chosen.map(labelOf).join(', ')}`;
  return (
    <Combobox
      store={combobox}
      width={220}
      position="bottom-start"
      onOptionSubmit={(value) => {
        const has = chosen.includes(value as T);
        if (one) {
          onChange(has ? [] : [value as T]);
          combobox.closeDropdown();
        } else {
          onChange(has ? chosen.filter((other) => other !== value) : [...chosen, value as T]);
        }
      }}
    >
      <Combobox.Target targetType="button">
        <Button
          data-chosen={chosen.length > 0 || undefined}
          className={classes.choice}
          rightSection={<ChevronDown size={14} aria-hidden />}
          onClick={() => combobox.toggleDropdown()}
        >
          {said}
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={label} mah={320} style={{ overflowY: 'auto' }}>
          {rows.length === 0 && <Combobox.Empty>None there</Combobox.Empty>}
          {rows.map((row) => (
            <Combobox.Option key={row.value} value={row.value} active={chosen.includes(row.value as T)}>
              <span className="row">
                {!one && <Checkbox.Indicator size="xs" checked={chosen.includes(row.value as T)} aria-hidden />}
                {row.label ?? formatWord(row.value)}
              </span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
