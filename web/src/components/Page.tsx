// The frame of every page: title, actions, content, and beside it on wide screens what is selected.
//
//   <Page title="Runs" ready={!runs.isPending} actions={<Button>Start run</Button>} aside={selected && <Sheet …/>}>
//
// `ready`: everything that the page shows at once has arrived (or failed); tests wait for it, and screen readers hear of it.

import { useRouterState } from '@tanstack/react-router';
import { type ReactNode, type SyntheticEvent, useEffect, useRef } from 'react';
import classes from './Page.module.css';

export interface PageProps {
  title: string;
  /** Before the title: where it belongs, usually a Link. */
  above?: ReactNode;
  /** Beside the title: a state, a version. */
  mark?: ReactNode;
  actions?: ReactNode;
  ready?: boolean;
  aside?: ReactNode;
  /** The content fills the height and scrolls by itself (canvas, editor). */
  full?: boolean;
  children: ReactNode;
}

// Until somebody acts on the page, what is below a part whose height is not known yet waits for it (Page.module.css).
const touch = (event: SyntheticEvent<HTMLElement>) => event.currentTarget.removeAttribute('data-untouched');

export function Page({ title, above, mark, actions, ready = true, aside, full, children }: PageProps) {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  // A new page is announced by moving the focus to it, unless something on it asked for the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of every new path
  useEffect(() => {
    main.current?.setAttribute('data-untouched', '');
    if (document.activeElement === document.body || document.activeElement?.closest('nav')) {
      main.current?.focus({ preventScroll: true });
    }
  }, [path]);
  return (
    <main
      id="main"
      ref={main}
      tabIndex={-1}
      className={full ? classes.full : classes.main}
      data-ready={ready ? '' : undefined}
      data-untouched=""
      onPointerDownCapture={touch}
      onKeyDownCapture={touch}
      aria-busy={!ready}
    >
      <header className={classes.head}>
        <div className={classes.titles}>
          {above && <div className={classes.above}>{above}</div>}
          <div className="row">
            <h1 className={classes.title}>{title}</h1>
            {mark}
          </div>
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {aside ? (
        <div className={classes.split}>
          <div className={classes.content}>{children}</div>
          {aside}
        </div>
      ) : (
        <div className={classes.content}>{children}</div>
      )}
    </main>
  );
}
