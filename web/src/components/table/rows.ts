// Which rows of a long list are drawn: those in view, some around them, and the one that has the focus. The others are room.

import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

/** Lists up to this length are drawn whole: the browser finds text in them. */
export const drawnWhole = 100;

// Heights of rows by key, for each list of each address: on the way back the page is as long as it was.
const kept = new Map<string, Map<string, number>>();
const listsKept = 20;
function heightsOf(list: string): Map<string, number> {
  const heights = kept.get(list) ?? new Map<string, number>();
  kept.delete(list);
  kept.set(list, heights);
  if (kept.size > listsKept) kept.delete(kept.keys().next().value!);
  return heights;
}

/** What scrolls the element. */
function scrollerOf(element: HTMLElement): HTMLElement {
  for (let outer = element.parentElement; outer; outer = outer.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(outer).overflowY)) return outer;
  }
  return document.documentElement;
}

export interface Drawn {
  index: number;
  /** Pixels of rows before it that are not drawn. */
  gap: number;
}

export interface Rows {
  drawn: Drawn[];
  /** Pixels of rows behind the last one. */
  rest: number;
  /** Not all of them are drawn. */
  windowed: boolean;
  /** `ref` of each row. */
  measure: ((row: HTMLElement | null) => void) | undefined;
  /** Brings a row into view. */
  show: (index: number) => void;
  /** Before the list gets longer: keeps the heights that the rows have. */
  remember: () => void;
}

export function useRows<T>(
  list: RefObject<HTMLDivElement | null>,
  label: string,
  rows: readonly T[],
  rowKey: (row: T) => string,
  usual: number,
): Rows {
  const count = rows.length;
  const latest = useRef(rowKey);
  latest.current = rowKey;
  const keyOf = useCallback((index: number) => latest.current(rows[index]!), [rows]);
  const windowed = count > drawnWhole;
  const [heights] = useState(() => heightsOf(`${location.pathname}${location.search} ${label}`));
  // Once for each length: heights are noted before the list gets longer, and not while it is scrolled.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the count
  const average = useMemo(() => {
    const known = heights.size > 0 ? [...heights.values()] : [usual];
    return known.reduce((sum, height) => sum + height, 0) / known.length;
  }, [heights, usual, count]);
  const scroller = useRef<HTMLElement | null>(null);
  const [margin, setMargin] = useState(0);
  const held = useRef(-1);

  const virtual = useVirtualizer({
    count,
    enabled: windowed,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heights.get(keyOf(index)) ?? average,
    getItemKey: keyOf,
    overscan: 10,
    scrollMargin: margin,
    // The first time, before the list stands anywhere.
    initialRect: { width: innerWidth, height: innerHeight },
    rangeExtractor: (range: Range) => {
      const drawn = defaultRangeExtractor(range);
      const one = held.current;
      if (one < 0 || one >= count || drawn.includes(one)) return drawn;
      return [...drawn, one].sort((a, b) => a - b);
    },
    useFlushSync: false,
  });

  // Where the list begins changes with what is above it.
  useLayoutEffect(() => {
    const element = list.current;
    if (!windowed || !element) return;
    scroller.current ??= scrollerOf(element);
    const outer = scroller.current;
    const top = element.getBoundingClientRect().top - outer.getBoundingClientRect().top + outer.scrollTop;
    setMargin((old) => (Math.abs(old - top) < 1 ? old : top));
  });

  // The row with the focus stays, however far it is scrolled away.
  useEffect(() => {
    const element = list.current;
    if (!windowed || !element) return;
    const at = (event: FocusEvent) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
      held.current = row ? Number(row.dataset.index) : -1;
    };
    const left = (event: FocusEvent) => {
      if (!element.contains(event.relatedTarget as Node | null)) held.current = -1;
    };
    element.addEventListener('focusin', at);
    element.addEventListener('focusout', left);
    return () => {
      element.removeEventListener('focusin', at);
      element.removeEventListener('focusout', left);
    };
  }, [list, windowed]);

  const remember = useCallback(() => {
    // Also those that were never drawn: as high as they were taken to be, the page is as long again.
    for (const item of virtual.measurementsCache) heights.set(String(item.key), item.size);
    for (const row of list.current?.querySelectorAll<HTMLElement>('[data-index]') ?? []) {
      heights.set(row.dataset.key ?? '', row.offsetHeight);
    }
  }, [virtual, heights, list]);
  useLayoutEffect(() => (windowed ? remember : undefined), [windowed, remember]);

  const show = (index: number) => {
    const row = list.current?.querySelector(`[data-index="${index}"]`);
    if (row) row.scrollIntoView({ block: 'nearest' });
    else if (windowed) virtual.scrollToIndex(index, { align: 'auto' });
  };

  if (!windowed) {
    const drawn = Array.from({ length: count }, (_, index) => ({ index, gap: 0 }));
    return { drawn, rest: 0, windowed, measure: undefined, show, remember };
  }
  const items = virtual.getVirtualItems();
  let end = virtual.options.scrollMargin;
  const drawn = items.map((item) => {
    const gap = Math.max(0, item.start - end);
    end = item.end;
    return { index: item.index, gap };
  });
  const rest = Math.max(0, virtual.getTotalSize() + virtual.options.scrollMargin - end);
  return { drawn, rest, windowed, measure: virtual.measureElement, show, remember };
}
