// What was typed into a dialog and not sent: the dialog asks before it throws that away.

import { type FormEvent, type MouseEvent, useRef, useState } from 'react';

export interface Typed {
  /** Something was typed since the last `forget`. */
  typed: boolean;
  /** It is asked whether to throw it away. */
  asking: boolean;
  /** To close by Escape, beside the dialog or its cross: asks when something would be lost; asked already, goes on with the dialog. */
  leave: () => void;
  keep: () => void;
  forget: () => void;
  /** On the element around the fields. */
  watch: { onInput: (event: FormEvent<HTMLElement>) => void; onClick: (event: MouseEvent<HTMLElement>) => void };
}

/** `choices`: options chosen from lists count too. Fields inside of `data-untracked` hold nothing that would be missed. */
export function useTyped(onLeave: () => void, choices: boolean): Typed {
  const [typed, setTyped] = useState(false);
  const [asking, setAsking] = useState(false);
  const last = useRef<HTMLElement>(null);
  const goOn = () => {
    setAsking(false);
    last.current?.focus();
  };
  return {
    typed,
    asking,
    leave: () => {
      if (asking) goOn();
      else if (typed) setAsking(true);
      else onLeave();
    },
    keep: goOn,
    forget: () => {
      setTyped(false);
      setAsking(false);
    },
    watch: {
      // A dialog within has its own answer.
      onInput: (event) => {
        const field = event.target as HTMLElement;
        if (!event.currentTarget.contains(field) || field.closest('[data-untracked], [role=search]')) return;
        last.current = field;
        setTyped(true);
      },
      // Lists of options stand elsewhere in the page.
      onClick: (event) => {
        if (choices && (event.target as HTMLElement).closest('[role=option]')) setTyped(true);
      },
    },
  };
}
