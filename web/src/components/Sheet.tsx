// What is selected, beside what it was selected from: a column of 420 px on wide screens (give it to Page as `aside`), over the
// page below 1280 px, the whole screen on a phone. Text that was typed into it and not sent is thrown away only by who says so.

import { ActionIcon, Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { X } from 'lucide-react';
import type { ReactNode, SyntheticEvent } from 'react';
import { useKeys } from '@/lib/keys';
import { Discard } from './Discard';
import classes from './Sheet.module.css';
import { useTyped } from './typed';

export interface SheetProps {
  title: ReactNode;
  onClose: () => void;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
  /** Over the page on every screen. */
  over?: boolean;
  width?: number;
}

export function Sheet({ title, onClose, actions, children, over, width = 420 }: SheetProps) {
  const wide = useMediaQuery('(min-width: 1280px)', innerWidth >= 1280, { getInitialValueInEffect: false });
  const phone = useMediaQuery('(max-width: 639px)', innerWidth < 640, { getInitialValueInEffect: false });
  const beside = wide && !over;
  const fields = useTyped(onClose, false);
  useKeys('Details', beside ? [{ keys: 'Escape', does: 'Close details', act: fields.leave }] : []);
  const sent = (event: SyntheticEvent<HTMLElement>) => {
    if (event.currentTarget.contains(event.target as HTMLElement)) fields.forget();
  };
  const head = (
    <div className={classes.head}>
      <div className={`${classes.title} grow`}>{title}</div>
      {actions}
      <ActionIcon onClick={fields.leave} aria-label="Close details">
        <X size={16} strokeWidth={1.75} />
      </ActionIcon>
    </div>
  );
  const body = (
    <div className={classes.body} {...fields.watch} onSubmit={sent}>
      {fields.asking && <Discard onKeep={fields.keep} onDiscard={onClose} />}
      {children}
    </div>
  );
  if (beside) {
    return (
      <aside className={classes.beside} style={{ width }} aria-label="Details">
        {head}
        {body}
      </aside>
    );
  }
  return (
    <Drawer.Root
      opened
      onClose={fields.leave}
      closeOnClickOutside={!fields.typed}
      position="right"
      size={phone ? '100%' : width}
      transitionProps={{ duration: 120 }}
    >
      <Drawer.Overlay color="var(--scrim)" backgroundOpacity={1} />
      <Drawer.Content aria-label="Details" className={classes.over}>
        {head}
        {body}
      </Drawer.Content>
    </Drawer.Root>
  );
}
