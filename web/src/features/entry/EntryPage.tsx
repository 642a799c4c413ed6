// The frame of the pages for who is not signed in.

import { type ReactNode, useEffect } from 'react';
import classes from './EntryPage.module.css';

export function EntryPage({ title, ready = true, children }: { title: string; ready?: boolean; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  return (
    <main id="main" className={classes.page} data-ready={ready ? '' : undefined}>
      <div className={classes.box}>
        <div className={classes.brand}>
          <img src="/icon.svg" alt="" width={20} height={20} /> Sluice
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
