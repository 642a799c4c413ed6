// The visible name of a field whose control is an editor: a press on it goes to the control, as a label's does to an input.
import type { ReactNode } from 'react';

export function FieldLabel({ className, children }: { className: string | undefined; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard the control itself is reached, which has the name as its own
    // biome-ignore lint/a11y/noStaticElementInteractions: as above; `label` names no editor
    <span
      className={className}
      onMouseDown={(event) => event.preventDefault()}
      onClick={(event) => {
        const field = event.currentTarget.closest('[data-field]') ?? event.currentTarget.parentElement;
        field?.querySelector<HTMLElement>('[contenteditable], input, textarea')?.focus();
      }}
    >
      {children}
    </span>
  );
}
