// Markdown from models and people: GFM, no raw HTML, no remote pictures (a picture's address would tell somebody who reads what;
// it becomes a link). Above 64 KiB the text is shown as it is, and the reason is told. The renderer comes in a chunk of its own.
import { lazy, Suspense } from 'react';
import styles from './Markdown.module.css';
import { byteLength, markdownRefusal } from './sizes';

export interface MarkdownProps {
  text: string;
  /** Its size in bytes, where the page knows it already. */
  bytes?: number;
}

const Rendered = lazy(() => import('./MarkdownRendered'));

export function Markdown({ text, bytes }: MarkdownProps) {
  const refusal = markdownRefusal(bytes ?? byteLength(text));
  if (refusal) {
    return (
      <>
        <p className={styles.note}>{refusal}</p>
        <pre className={styles.plain}>{text}</pre>
      </>
    );
  }
  return (
    <Suspense fallback={<pre className={styles.plain}>{text}</pre>}>
      <Rendered text={text} />
    </Suspense>
  );
}
