// Lays graphs out off the page's thread: 500 nodes take half a second.
import { type LayoutInput, type Places, place } from './place';

export interface LayoutRequest {
  number: number;
  input: LayoutInput;
}
export type LayoutAnswer = { number: number; places: Places } | { number: number; error: string };

self.onmessage = (event: MessageEvent<LayoutRequest>) => {
  const { number, input } = event.data;
  let answer: LayoutAnswer;
  try {
    answer = { number, places: place(input) };
  } catch (error) {
    answer = { number, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};
