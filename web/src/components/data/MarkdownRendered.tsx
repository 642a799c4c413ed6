// The renderer behind Markdown.tsx.
import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import styles from './Markdown.module.css';

// Headings of a text begin below those of the page around it.
const components: Components = {
  h1: ({ children }) => <h4 className={styles.h1}>{children}</h4>,
  h2: ({ children }) => <h5 className={styles.h2}>{children}</h5>,
  h3: ({ children }) => <h6 className={styles.h3}>{children}</h6>,
  h4: ({ children }) => <h6 className={styles.h3}>{children}</h6>,
  h5: ({ children }) => <h6 className={styles.h3}>{children}</h6>,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ src, alt }) => {
    const address = typeof src === 'string' ? src : '';
    const text = `picture: ${alt || address || 'without an address'}`;
    if (address === '') return <span>[{text}]</span>;
    return (
      <a href={address} target="_blank" rel="noopener noreferrer nofollow">
        [{text}]
      </a>
    );
  },
  table: ({ children }) => (
    <section className={styles.table} tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
  pre: ({ children }) => (
    <pre className={styles.code} tabIndex={0}>
      {children}
    </pre>
  ),
  input: ({ checked }) => (
    <input type="checkbox" checked={checked ?? false} readOnly disabled aria-label={checked ? 'done' : 'open'} />
  ),
};

const plugins = [remarkGfm];

function MarkdownRendered({ text }: { text: string }) {
  return (
    <div className={styles.markdown}>
      <ReactMarkdown remarkPlugins={plugins} components={components} skipHtml={false}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

export default memo(MarkdownRendered);
